internal import PluginKit

/// Which document refers to a blob.
struct BlobReferrer {
  let foreignID: String
  /// Of the document: if it was deleted up to that revision or a later one, it does not refer.
  ///
  /// Nil: if it was deleted at all.
  let revision: Int64?
}

/// What is said of a blob before it comes.
struct BlobAnnouncement {
  let digest: BlobDigest
  let size: Int64
  /// The document that refers to it as soon as it is there; nil: none yet.
  let referrer: BlobReferrer?
}

/// A piece of a blob that comes.
struct BlobPiece {
  let upload: String
  /// How much came before it.
  let offset: Int64
  let bytes: [UInt8]
}

/// What is asked for about blobs.
enum BlobOperation {
  case begin(BlobAnnouncement)
  case append(BlobPiece)
  /// Ends the upload of a name.
  case commit(String)
  case reference(BlobReferrer, BlobDigest)
  /// Of one blob; nil: of all that the document refers to.
  case release(foreignID: String, BlobDigest?)
  case get(BlobDigest, offset: Int64, count: Int)
  /// Of one blob; nil: of all that the tenant has.
  case stat(BlobDigest?)

  /// Bytes of a piece, either way: as much as Fetch gives at once, and in base64 it still fits an envelope.
  static let pieceMax = 32 << 10

  /// Reads the operation of a name, such as `begin`.
  init(_ name: Substring, _ payload: JSON) throws(StorageError) {
    switch name {
    case "begin": self = .begin(try BlobAnnouncement(payload))
    case "append": self = .append(try BlobPiece(payload))
    case "commit":
      let fields = try RequestFields(payload, keys: ["upload"])
      self = .commit(try fields.required("upload", fields.name("upload")))
    case "reference":
      let fields = try RequestFields(payload, keys: ["foreign_id", "revision", "sha256"])
      let referrer = try fields.required("foreign_id", fields.referrer())
      self = .reference(referrer, try fields.required("sha256", fields.digest("sha256")))
    case "release":
      let fields = try RequestFields(payload, keys: ["foreign_id", "sha256"])
      let foreignID = try fields.required("foreign_id", fields.name("foreign_id"))
      self = .release(foreignID: foreignID, try fields.digest("sha256"))
    case "get": self = try Self.get(payload)
    case "stat": self = .stat(try RequestFields(payload, keys: ["sha256"]).digest("sha256"))
    default:
      let known = "blobs.begin, append, commit, reference, release, get or stat"
      throw StorageError("topic: expected \(known), found blobs.\(name)")
    }
  }

  private static func get(_ payload: JSON) throws(StorageError) -> Self {
    let fields = try RequestFields(payload, keys: ["sha256", "offset", "length"])
    let length = try fields.int("length") ?? Int64(pieceMax)
    guard (1...Int64(pieceMax)).contains(length) else {
      throw fields.expected("integer from 1 to \(pieceMax)", "length")
    }
    let digest = try fields.required("sha256", fields.digest("sha256"))
    return .get(digest, offset: try fields.count("offset") ?? 0, count: Int(length))
  }
}

extension BlobAnnouncement {
  init(_ payload: JSON) throws(StorageError) {
    let fields = try RequestFields(payload, keys: ["sha256", "size", "foreign_id", "revision"])
    digest = try fields.required("sha256", fields.digest("sha256"))
    size = try fields.required("size", fields.count("size"))
    referrer = try fields.referrer()
  }
}

extension BlobPiece {
  init(_ payload: JSON) throws(StorageError) {
    let fields = try RequestFields(payload, keys: ["upload", "offset", "data"])
    upload = try fields.required("upload", fields.name("upload"))
    offset = try fields.required("offset", fields.count("offset"))
    guard let bytes = try fields.text("data").flatMap(Base64.decode), (1...BlobOperation.pieceMax).contains(bytes.count)
    else { throw fields.expected("1 to \(BlobOperation.pieceMax) bytes in base64", "data") }
    self.bytes = bytes
  }
}

extension RequestFields {
  /// The digest of a blob.
  fileprivate func digest(_ key: String) throws(StorageError) -> BlobDigest? {
    guard let text = try text(key) else { return nil }
    guard let digest = BlobDigest(text) else { throw expected("a SHA-256 in 64 lower-case digits", key) }
    return digest
  }

  /// The document that is to refer to a blob.
  fileprivate func referrer() throws(StorageError) -> BlobReferrer? {
    let revision = try int("revision")
    guard let foreignID = try name("foreign_id") else { return nil }
    return BlobReferrer(foreignID: foreignID, revision: revision)
  }

  /// A number of bytes.
  fileprivate func count(_ key: String) throws(StorageError) -> Int64? {
    guard let number = try int(key) else { return nil }
    guard number >= 0 else { throw expected("integer from 0", key) }
    return number
  }
}
