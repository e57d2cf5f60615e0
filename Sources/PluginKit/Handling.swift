internal import Envelope

/// The handling of one delivered envelope, which what is published and requested meanwhile is caused by.
@PluginActor
final class Handling {
  /// What the running task handles.
  @TaskLocal static var current: Handling?

  /// Bytes of a digest that stand in a key: as many as nobody finds twice.
  private static let digestSize = 16

  let cause: Envelope
  /// How often each payload was wished to be posted.
  private var wishes: [[UInt8]: Int] = [:]

  init(of cause: Envelope) {
    self.cause = cause
  }

  /// The key of a wish: the same when the cause is delivered again and the same is wished then, so that it is done once.
  func key(ofWish payload: [UInt8]) -> String {
    let count = wishes[payload, default: 0]
    wishes[payload] = count + 1
    let seed = "\(cause.src.utf8.count):\(cause.src)\(cause.id.utf8.count):\(cause.id)\(count):"
    return Hex.encode(SHA256.digest(Array(seed.utf8) + payload).prefix(Self.digestSize))
  }
}
