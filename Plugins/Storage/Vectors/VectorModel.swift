internal import PluginKit
internal import VectorIndex

/// What makes vectors, so exactly that any two of them can be compared: vectors of one model are one index of a
/// collection.
struct VectorModel: Hashable {
  private static let keys: Set<String> = ["name", "version", "checksum", "dimension"]
  /// Bytes of the longest name: answers name several models.
  private static let nameMax = 256

  let name: String
  let version: String
  let checksum: String
  /// How many elements each vector has.
  let dimension: Int

  init(name: String, version: String, checksum: String, dimension: Int) {
    self.name = name
    self.version = version
    self.checksum = checksum
    self.dimension = dimension
  }

  /// Reads the model that a request names.
  init(_ json: JSON, at path: String) throws(StorageError) {
    let fields = try RequestFields(json, at: path, keys: Self.keys)
    name = try Self.name(fields, "name")
    version = try Self.name(fields, "version")
    checksum = try Self.name(fields, "checksum")
    guard let dimension = try fields.int("dimension"), (1...Int64(UnitVector.dimensionMax)).contains(dimension) else {
      throw fields.expected("integer from 1 to \(UnitVector.dimensionMax)", "dimension")
    }
    self.dimension = Int(dimension)
  }

  private static func name(_ fields: RequestFields, _ key: String) throws(StorageError) -> String {
    let name = try fields.required(key, fields.name(key))
    guard name.utf8.count <= nameMax else {
      throw StorageError("\(fields.name(of: key)): expected 1 to \(nameMax) bytes, found \(name.utf8.count)")
    }
    return name
  }

  var json: JSON {
    [
      "name": .string(name), "version": .string(version), "checksum": .string(checksum),
      "dimension": .int(Int64(dimension)),
    ]
  }

  /// The model in few words, for people.
  var summary: String { "\(name) \(version) (\(dimension) elements, \(checksum))" }

  /// What its files are named by: names of models may have any letters.
  var fingerprint: String {
    let digest = SHA256.digest(Array("\(name)\0\(version)\0\(checksum)\0\(dimension)".utf8))
    return digest.prefix(8).map(Self.hexadecimal).joined()
  }

  /// A byte as two digits.
  static func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}

/// The digest of what a vector was made of: a text, or what a document says.
struct VectorContent: Hashable {
  let bytes: [UInt8]

  /// The digest of a text.
  init(of text: String) {
    bytes = SHA256.digest(Array(text.utf8))
  }

  /// Reads 64 hexadecimal digits; nil if it is anything else.
  init?(_ text: String) {
    let digits = Array(text.utf8)
    guard digits.count == 2 * SHA256.size else { return nil }
    var bytes: [UInt8] = []
    for place in stride(from: 0, to: digits.count, by: 2) {
      guard let high = Self.value(digits[place]), let low = Self.value(digits[place + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    self.bytes = bytes
  }

  init(stored bytes: [UInt8]) {
    self.bytes = bytes
  }

  var text: String { bytes.map(VectorModel.hexadecimal).joined() }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
