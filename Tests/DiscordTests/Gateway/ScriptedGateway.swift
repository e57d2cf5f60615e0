import PluginKit

@testable import Discord

/// A gateway that does what a test tells it to, and what Discord does unless it is told otherwise.
@PluginActor
final class ScriptedGateway: GatewayLink {
  /// Every connection that was tried, in order; those that came about, too.
  private(set) var urls: [String] = []
  private(set) var connections: [ScriptedConnection] = []
  /// Why a URL cannot be reached; nil: it can.
  var refusal: (String) -> GatewayEnd? = { _ in nil }
  /// The heartbeat interval of the hello, ms; nil: no hello.
  var interval: Int64? = 41_250
  /// Whether heartbeats are acknowledged, identifications and resumptions answered.
  var acknowledges = true
  var answers = true
  /// What a resumption brings before `RESUMED`; nil: the session is not accepted.
  var replay: (_ after: Int64) -> [String]? = { _ in [] }
  /// The sessions begun so far.
  private(set) var sessions = 0
  /// When each identification came, ns, and of which shard.
  var identified: [(shard: Int, at: Int64)] = []
  var now: () -> Int64 = { 0 }

  /// The last connection.
  var last: ScriptedConnection? { connections.last }

  func connect(to url: String, compression: GatewayCompression, timeout: Duration) async throws(GatewayEnd)
    -> any GatewayConnection
  {
    urls.append(url)
    if let end = refusal(url) { throw end }
    let connection = ScriptedConnection(self)
    connections.append(connection)
    if let interval { connection.push(#"{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":\#(interval)}}"#) }
    return connection
  }

  fileprivate func heard(_ payload: JSON, on connection: ScriptedConnection) {
    switch payload["op"]?.intValue {
    case 1: if acknowledges { connection.push(#"{"op":11}"#) }
    case 2:
      identified.append((Int(payload["d"]?["shard"]?.arrayValue?.first?.intValue ?? -1), now()))
      sessions += 1
      if answers { connection.push(Self.ready("session-\(sessions)")) }
    case 6:
      guard answers else { return }
      let after = payload["d"]?["seq"]?.intValue ?? 0
      guard let replay = replay(after) else { return connection.push(#"{"op":9,"d":false}"#) }
      for message in replay { connection.push(message) }
      connection.push(Self.event("RESUMED", after + Int64(replay.count) + 1))
    default: break
    }
  }

  nonisolated static func ready(_ session: String) -> String {
    let data = #"{"v":10,"session_id":"\#(session)","resume_gateway_url":"wss://resume.example","guilds":[]}"#
    return #"{"t":"READY","s":1,"op":0,"d":\#(data)}"#
  }

  nonisolated static func event(_ name: String, _ sequence: Int64, _ data: String = "{}") -> String {
    #"{"t":"\#(name)","s":\#(sequence),"op":0,"d":\#(data)}"#
  }
}

/// A connection to a scripted gateway.
@PluginActor
final class ScriptedConnection: GatewayConnection {
  /// What came, as JSON.
  private(set) var sent: [JSON] = []
  /// The code that the plugin closed it with.
  private(set) var closeCode: UInt16?
  private(set) var lastReceived: Int64 = 0
  var isPaused = false
  private let gateway: ScriptedGateway
  private var inbox: [[UInt8]] = []
  private var end: GatewayEnd?
  private var waiter: CheckedContinuation<Void, Never>?

  init(_ gateway: ScriptedGateway) {
    self.gateway = gateway
  }

  /// What came of an opcode.
  func sent(_ opcode: Int64) -> [JSON] { sent.filter { $0["op"]?.intValue == opcode } }

  func messages() async throws(GatewayEnd) -> [[UInt8]] {
    while inbox.isEmpty {
      if let end { throw end }
      await PluginActor.staying { await withCheckedContinuation { waiter = $0 } }
    }
    defer { inbox = [] }
    return inbox
  }

  func send(_ text: [UInt8]) {
    guard end == nil, let payload = try? JSON.parse(text) else { return }
    sent.append(payload)
    gateway.heard(payload, on: self)
  }

  func close(code: UInt16) {
    if closeCode == nil && end == nil { closeCode = code }
    finish(.ended)
  }

  /// Something comes from the gateway.
  func push(_ message: String) {
    push(Array(message.utf8))
  }

  func push(_ message: [UInt8]) {
    guard end == nil else { return }
    // Any moment is as good as another, as long as it is later.
    lastReceived += 1
    inbox.append(message)
    wake()
  }

  /// The connection ends.
  func finish(_ end: GatewayEnd) {
    if self.end == nil { self.end = end }
    wake()
  }

  private func wake() {
    waiter?.resume()
    waiter = nil
  }
}
