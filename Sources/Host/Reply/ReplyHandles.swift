internal import CSodium
internal import Envelope

/// Where a message came from, and so where it may be answered.
struct ReplyPlace: Hashable {
  /// Who was given the message, and alone may answer by its handle.
  var plugin: String
  var provider: String
  var tenant: String
  /// The space's URN.
  var space: String
  /// The message's id.
  var message: String
}

/// Makes and reads reply handles: the permission to answer one message where it was said, and nowhere else.
///
/// A handle names space, message and expiry in the clear, and bears a keyed digest (BLAKE2b, libsodium's
/// `crypto_generichash`) of them and of whom it was given to. It is checked with the key alone: nothing is kept of the
/// handles that are out, and they outlive a restart.
package struct ReplyHandles {
  /// Bytes of a key: as long as the digest's strength asks for.
  static let keySize = 32
  /// How long a message can be answered, ns: a conversation goes on for a day; what is older needs a grant.
  static let lifetime: Int64 = 24 * 3600 * nanosecondsPerSecond
  /// Bytes of the digest: nobody guesses 128 bits against a host that audits each try.
  private static let digestSize = 16

  /// Why a handle allows nothing.
  struct Invalid: Error, CustomStringConvertible {
    let description: String
  }

  private let key: ReplyKey

  /// Makes and reads handles of one deployment's.
  package init(key: ReplyKey) {
    self.key = key
  }

  /// Makes the handle for a message that is about to be given to a plugin.
  ///
  /// - Parameters:
  ///   - place: The message, and whom it is given to.
  ///   - expiry: When the handle ends, in nanoseconds since 1970.
  /// - Returns: The handle as text.
  func mint(_ place: ReplyPlace, expiry: Int64) -> String {
    let texts = Array(place.space.utf8) + Array(place.message.utf8)
    return Base64.encode(digest(place, expiry) + Self.head(expiry, place.space) + texts)
  }

  /// Reads a handle that a plugin presents on a topic of some tenant's.
  ///
  /// - Returns: The place that may be answered.
  func verify(
    _ handle: String,
    by plugin: String,
    provider: String,
    tenant: String,
    now: Int64
  ) throws(Invalid) -> ReplyPlace {
    guard let bytes = Base64.decode(handle), bytes.count >= Self.digestSize + Self.headSize else {
      throw Invalid(description: "it is no handle")
    }
    let head = bytes.dropFirst(Self.digestSize)
    let expiry = Int64(bitPattern: head.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
    let size = head.dropFirst(8).prefix(2).reduce(0) { $0 << 8 | Int($1) }
    let rest = head.dropFirst(Self.headSize)
    guard rest.count >= size else { throw Invalid(description: "it is no handle") }
    let place = ReplyPlace(
      plugin: plugin,
      provider: provider,
      tenant: tenant,
      space: String(decoding: rest.prefix(size), as: UTF8.self),
      message: String(decoding: rest.dropFirst(size), as: UTF8.self)
    )
    let wanted = digest(place, expiry)
    guard unsafe sodium_memcmp(wanted, Array(bytes.prefix(Self.digestSize)), Self.digestSize) == 0 else {
      throw Invalid(description: "it was not given to \(plugin) for a message of \(provider)/\(tenant)")
    }
    guard now < expiry else {
      throw Invalid(description: "it expired at \(Timestamp(nanoseconds: expiry))")
    }
    return place
  }

  /// Bytes before the texts: the expiry, and how long the space is.
  private static let headSize = 10

  private static func head(_ expiry: Int64, _ space: String) -> [UInt8] {
    let size = UInt16(clamping: space.utf8.count)
    return stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: expiry >> Int64($0)) }
      + [UInt8(size >> 8), UInt8(size & 0xff)]
  }

  /// The keyed digest of everything that the handle is about, each text with its length before it.
  private func digest(_ place: ReplyPlace, _ expiry: Int64) -> [UInt8] {
    var message = Self.head(expiry, place.space)
    for text in [place.plugin, place.provider, place.tenant, place.space, place.message] {
      message += [UInt8(truncatingIfNeeded: text.utf8.count >> 8), UInt8(truncatingIfNeeded: text.utf8.count)]
      message += text.utf8
    }
    var digest = [UInt8](repeating: 0, count: Self.digestSize)
    unsafe key.withBytes { key in
      let code = unsafe crypto_generichash(
        &digest,
        digest.count,
        message,
        UInt64(message.count),
        key.baseAddress?.assumingMemoryBound(to: UInt8.self),
        key.count
      )
      precondition(code == 0, "BLAKE2b takes keys of \(Self.keySize) bytes")
    }
    return digest
  }
}
