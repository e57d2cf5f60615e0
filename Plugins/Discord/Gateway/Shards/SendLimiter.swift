internal import PluginKit
internal import ProviderKit

/// Sends over one connection no more than the gateway takes: what is too much waits, in its order.
///
/// Source: https://discord.com/developers/docs/events/gateway#rate-limiting
@PluginActor
final class SendLimiter {
  /// How many payloads the gateway takes in a window.
  static let payloadsMax = 120
  /// How many of them are kept for heartbeats, of which a window sees two, and for those that the gateway asks for.
  static let reserve = 5
  /// The window, ns: 60 s, and a second for payloads that are held up on their way.
  static let window: Int64 = 61_000_000_000
  /// How many payloads wait at most.
  static let waitingMax = 256

  private let clock: Clock
  private let connection: any GatewayConnection
  /// When the payloads of the window were sent.
  private var sent: [Int64] = []
  private var waiting: [(opcode: Int, payload: [UInt8])] = []
  /// Until when the gateway wants no more of an opcode.
  private var held: [Int: Int64] = [:]
  private var timer: Task<Void, Never>?

  init(_ connection: any GatewayConnection, clock: Clock) {
    self.connection = connection
    self.clock = clock
  }

  /// Sends what cannot wait, a heartbeat or the opening; false if even the reserve is used up.
  func sendNow(_ payload: [UInt8]) -> Bool {
    prune()
    guard sent.count < Self.payloadsMax else { return false }
    transmit(payload)
    return true
  }

  /// Sends a payload, or has it wait for its turn.
  func send(_ opcode: GatewayMessage.Opcode, _ payload: [UInt8]) throws(ProviderError) {
    guard payload.count <= GatewayPayload.bytesMax else {
      let limit = GatewayPayload.bytesMax
      throw ProviderError(
        "gateway payload of opcode \(opcode.rawValue): expected at most \(limit) bytes, found \(payload.count)"
      )
    }
    guard waiting.count < Self.waitingMax else {
      throw ProviderError(
        "gateway payload of opcode \(opcode.rawValue): expected at most \(Self.waitingMax) waiting, found as many"
      )
    }
    waiting.append((opcode.rawValue, payload))
    release()
  }

  /// Sends nothing of an opcode for a while, as the gateway has asked by `RATE_LIMITED`.
  func hold(opcode: Int, for duration: Duration) {
    held[opcode] = clock.now.nanoseconds + Int64(duration / .nanoseconds(1))
  }

  /// Forgets what waits: the connection has ended.
  func close() {
    timer?.cancel()
    waiting.removeAll()
  }

  /// Sends what may be sent, and looks again when more may be.
  private func release() {
    prune()
    let now = clock.now.nanoseconds
    while sent.count < Self.payloadsMax - Self.reserve,
      let next = waiting.firstIndex(where: { held[$0.opcode].map { $0 <= now } ?? true })
    {
      transmit(waiting.remove(at: next).payload)
    }
    guard timer == nil, !waiting.isEmpty else { return }
    let isFull = sent.count >= Self.payloadsMax - Self.reserve
    let due = isFull ? (sent.first ?? now) + Self.window : waiting.compactMap { held[$0.opcode] }.min() ?? now
    timer = PluginActor.task { [self] in
      // Without a clock nobody looks again; the connection has ended, or will.
      guard (try? await clock.sleep(for: .nanoseconds(max(1, due - now)))) != nil else { return }
      timer = nil
      release()
    }
  }

  private func transmit(_ payload: [UInt8]) {
    sent.append(clock.now.nanoseconds)
    connection.send(payload)
  }

  /// Forgets what was sent before the window, and takes what a clock that was set back puts into the future for now.
  private func prune() {
    let now = clock.now.nanoseconds
    sent = sent.map { min($0, now) }.filter { $0 > now - Self.window }
  }
}
