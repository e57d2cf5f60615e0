import Foundation
import Locking
import PluginKit
import ProviderKit
import TestSupport

@testable import Discord

/// A channel of Discord's as `Poster` meets it: it keeps messages, knows nonces for some minutes, and fails as it is
/// told.
final class ChannelDouble: Sendable {
  /// What happens to a call.
  enum Step: Sendable {
    /// It is done and answered.
    case perform
    /// It is done, and then the connection breaks.
    case performAndFail(RESTFailure)
    /// It is done, and no answer ever comes: the process dies meanwhile.
    case performAndHang
    /// It is not done.
    case hang
    case fail(RESTFailure)
    case answer(Int, JSON)
  }

  struct Message: Sendable {
    let id: UInt64
    let milliseconds: Int64
    let json: JSONObject
    let nonce: String
    let files: [[UInt8]]

    var content: String { json["content"]?.stringValue ?? "" }
  }

  struct State {
    var calls: [RESTCall] = []
    var messages: [Message] = []
    var steps: [Step] = []
    /// Messages that can be answered.
    var answerable: Set<String> = ["7"]
    /// What a look into the past is answered with instead.
    var history: (Int, JSON)?
    var milliseconds: Int64 = FakeHost.epoch / 1_000_000
    var hung = 0
    var waiting: [CheckedContinuation<Void, Never>] = []
    /// Calls of processes that are dead: nobody answers them, and they are never freed.
    var dead: [CheckedContinuation<Void, Never>] = []
  }

  /// The bot's own id.
  static let me = Snowflake(4242)
  /// How long a nonce is known, in milliseconds.
  private static let nonceKept: Int64 = 180_000

  let state = Locked(State())

  var calls: [RESTCall] { state.withLock { $0.calls } }
  var messages: [Message] { state.withLock { $0.messages } }
  var contents: [String] { messages.map(\.content) }
  /// The messages that were asked for, as JSON.
  var posts: [JSON] { calls.filter { $0.method == "POST" }.map { Self.form($0).message } }

  func script(_ steps: Step...) { state.withLock { $0.steps += steps } }

  func pass(milliseconds: Int64) { state.withLock { $0.milliseconds += milliseconds } }

  /// Somebody writes in the channel.
  func say(_ content: String, as author: Snowflake) {
    state.withLock { _ = Self.add(["content": .string(content)], [], by: author, nonce: "", &$0) }
  }

  /// Returns when so many calls hang.
  func hung(_ count: Int = 1) async {
    while state.withLock({ $0.hung < count }) {
      await withCheckedContinuation { continuation in
        let isDone = state.withLock { state in
          if state.hung < count { state.waiting.append(continuation) }
          return state.hung >= count
        }
        if isDone { continuation.resume() }
      }
    }
  }

  func perform(_ call: RESTCall) async throws(RESTFailure) -> RESTAnswer {
    let step = state.withLock { state in
      state.calls.append(call)
      return call.method == "GET" || state.steps.isEmpty ? .perform : state.steps.removeFirst()
    }
    switch step {
    case .perform: return answer(call)
    case .performAndFail(let failure):
      _ = answer(call)
      throw failure
    case .performAndHang:
      _ = answer(call)
      await hang()
    case .hang: await hang()
    case .fail(let failure): throw failure
    case .answer(let status, let json): return RESTAnswer(status: status, body: json.bytes())
    }
    throw .cancelled
  }

  private func hang() async {
    await withCheckedContinuation { continuation in
      let waiting = state.withLock { state in
        state.dead.append(continuation)
        state.hung += 1
        defer { state.waiting = [] }
        return state.waiting
      }
      for continuation in waiting { continuation.resume() }
    }
  }

  private func answer(_ call: RESTCall) -> RESTAnswer {
    state.withLock { state in
      if call.method == "GET" { return Self.history(call, state) }
      let (json, files) = Self.form(call)
      guard let message = json.objectValue, let nonce = message["nonce"]?.stringValue else {
        return RESTAnswer(status: 400, body: [])
      }
      let known = state.messages.first {
        $0.nonce == nonce && state.milliseconds - $0.milliseconds < Self.nonceKept && message["enforce_nonce"] == true
      }
      return RESTAnswer(
        status: 200,
        body: JSON.object((known ?? Self.add(message, files, by: Self.me, nonce: nonce, &state)).json).bytes()
      )
    }
  }

  private static func add(
    _ wanted: JSONObject,
    _ files: [[UInt8]],
    by author: Snowflake,
    nonce: String,
    _ state: inout State
  ) -> Message {
    let id = Snowflake(millisecondsSince1970: state.milliseconds).number + UInt64(state.messages.count)
    var json: JSONObject = [
      "id": .string("\(id)"), "author": ["id": .string("\(author)"), "bot": .bool(author == me)],
      "content": .string((wanted["content"]?.stringValue ?? "").trimmed),
      "attachments": .array(files.map { _ in [:] }),
    ]
    if let answered = wanted["message_reference"]?["message_id"]?.stringValue, state.answerable.contains(answered) {
      json["message_reference"] = ["message_id": .string(answered)]
    }
    let message = Message(id: id, milliseconds: state.milliseconds, json: json, nonce: nonce, files: files)
    state.messages.append(message)
    return message
  }

  /// A page of the past, the latest first, and without nonces, as Discord has it.
  private static func history(_ call: RESTCall, _ state: State) -> RESTAnswer {
    if let (status, json) = state.history { return RESTAnswer(status: status, body: json.bytes()) }
    let query = URLComponents(string: call.path)?.queryItems ?? []
    func number(_ name: String) -> UInt64 { query.first { $0.name == name }?.value.flatMap { UInt64($0) } ?? 0 }
    let page = state.messages.filter { $0.id > number("after") }.prefix(Int(number("limit"))).reversed()
    return RESTAnswer(status: 200, body: JSON.array(page.map { .object($0.json) }).bytes())
  }

  /// The message of a call and its files, read in the simplest way.
  static func form(_ call: RESTCall) -> (message: JSON, files: [[UInt8]]) {
    guard let boundary = call.contentType.split(separator: "boundary=").dropFirst().first else {
      return ((try? JSON.parse(call.body)) ?? .null, [])
    }
    let parts = Data(call.body).pieces(by: Data("--\(boundary)".utf8)).dropFirst().dropLast().map { part in
      let head = part.range(of: Data("\r\n\r\n".utf8))?.upperBound ?? part.endIndex
      return [UInt8](part[head...].dropLast(2))
    }
    return ((try? JSON.parse(parts.first ?? [])) ?? .null, Array(parts.dropFirst()))
  }
}

/// The channel as the plugin has it.
@PluginActor
final class ChannelCalls: RESTCalling {
  private let channel: ChannelDouble

  init(_ channel: ChannelDouble) {
    self.channel = channel
  }

  func perform(_ call: RESTCall) async throws(RESTFailure) -> RESTAnswer { try await channel.perform(call) }
}

extension Data {
  fileprivate func pieces(by mark: Data) -> [Data] {
    var (pieces, start) = ([Data](), startIndex)
    while let found = range(of: mark, in: start..<endIndex) {
      pieces.append(self[start..<found.lowerBound])
      start = found.upperBound
    }
    return pieces + [self[start...]]
  }
}
