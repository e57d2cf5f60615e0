import Envelope
import Foundation
import Host
import Locking

/// Searches one time after the other, on a thread of its own, until it is told to stop.
final class SearchStream: Sendable {
  /// What came of the searches so far.
  struct Outcome: Sendable {
    var count = 0
    /// Why searches failed, found nothing, or were answered without vectors.
    var failures: [String] = []
    /// How many were answered by each model, by its name.
    var models: [String: Int] = [:]
  }

  /// What is looked for in turn.
  private static let texts = ["emacs", "the editor", "written in lisp", "vi", "café"]
  /// The most failures that are kept.
  private static let failuresMax = 20

  private let isStopped = Locked(false)
  private let state = Locked(Outcome())
  private let ended = DispatchSemaphore(value: 0)

  /// What came of them so far.
  var outcome: Outcome { state.withLock { $0 } }

  /// Starts in a tenant.
  init(_ provider: String = "echo", _ tenant: String = "demo", on path: String) {
    let thread = Thread { [self] in
      do { try run("promethean.p.\(provider).t.\(tenant).search.messages", AdminClient(path: path)) } catch {
        fail("\(error)")
      }
      ended.signal()
    }
    thread.start()
  }

  /// Stops it, and says what came of it.
  func stop() -> Outcome {
    isStopped.withLock { $0 = true }
    ended.wait()
    return outcome
  }

  private func run(_ topic: String, _ client: AdminClient) throws {
    while !isStopped.withLock({ $0 }) {
      let text = Self.texts[outcome.count % Self.texts.count]
      do {
        note(try client.answer(topic, ["text": .string(text)]))
      } catch let error as AdminClientError {
        guard case .refused = error else { throw error }
        fail("\(error)")
      }
      state.withLock { $0.count += 1 }
    }
  }

  private func note(_ answer: JSON?) {
    if let why = answer?["without_vectors"]?.stringValue { return fail("without vectors: \(why)") }
    guard let model = answer?["model"]?["name"]?.stringValue, answer?["results"]?.arrayValue?.isEmpty == false else {
      return fail("nothing was found: \(answer ?? .null)")
    }
    state.withLock { $0.models[model, default: 0] += 1 }
  }

  private func fail(_ why: String) {
    state.withLock { if $0.failures.count < Self.failuresMax { $0.failures.append(why) } }
  }
}

extension AdminClient {
  /// What a request is answered with.
  fileprivate func answer(_ topic: String, _ payload: JSON) throws -> JSON? {
    let fields: JSONObject = [
      "topic": .string(topic), "intent": "messages", "payload": payload, "timeout_ms": .int(TestHost.patience),
    ]
    return try call("request", fields)["envelope"]?["data"]
  }
}
