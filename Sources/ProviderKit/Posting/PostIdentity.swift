public import PluginKit

/// What makes a wish the same however often it is delivered and sent: who sent it, and the key that it has there, or else
/// the id of its envelope.
///
/// Nonces are digests that nobody can choose: with a simpler sum a worker could find an id whose nonce is that of
/// another's message, and so keep that from being posted.
public struct PostIdentity: Hashable, CustomStringConvertible {
  /// The digest of sender and id, which stands for both where room is short.
  public let description: String
  private let seed: [UInt8]

  /// The identity of the wish that an envelope bears, whose `idempotencyKey` it may have.
  public init(_ envelope: Envelope, key: String?) {
    // The length parts one field from the other, and the zero byte a key from an id.
    let sender = "\(envelope.src.utf8.count):\(envelope.src)"
    seed = Array((key.map { "\(sender)\u{0}\($0)" } ?? sender + envelope.id).utf8)
    description = Self.digest(seed)
  }

  /// A name for a part: the same for each delivery and each process, and no other's.
  public func nonce(_ part: Int) -> String { Self.digest(seed + [0] + "\(part)".utf8) }

  /// 128 bits of a digest in 25 digits, which is as long as providers let a nonce be.
  private static func digest(_ bytes: [UInt8]) -> String {
    let number = SHA256.digest(bytes).prefix(16).reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
    return String(number, radix: 36)
  }
}
