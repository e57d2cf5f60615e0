package import PluginKit
package import ProviderKit

/// How a call ended, and when, in seconds since the beginning.
package struct EndedCall: Sendable {
  package let name: String
  package let result: Result<RESTAnswer, RESTFailure>
  package let began: Double
  package let time: Double

  package var status: Int? { try? result.get().status }
  package var failure: RESTFailure? { if case .failure(let failure) = result { failure } else { nil } }
}

/// A client, the API that it speaks to, and what came of its calls.
@PluginActor
package protocol CallBench: AnyObject, Sendable {
  associatedtype Call: Sendable

  var api: HTTPDouble { get }
  /// The calls that have ended, in that order.
  var ended: [EndedCall] { get set }

  /// Has the client perform a call.
  func answer(_ call: Call) async throws(RESTFailure) -> RESTAnswer
}

extension CallBench {
  /// The time in seconds since the beginning.
  package var now: Double { api.now }

  package func sleep(_ seconds: Double) async throws {
    try await api.clock.sleep(for: .milliseconds(Int(seconds * 1000)))
  }

  /// Performs a call, under a name for the test's own use.
  @discardableResult
  package func perform(_ call: Call, as name: String = "") async -> EndedCall {
    let began = now
    let result: Result<RESTAnswer, RESTFailure>
    do throws(RESTFailure) { result = .success(try await answer(call)) } catch { result = .failure(error) }
    let end = EndedCall(name: name, result: result, began: began, time: now)
    ended.append(end)
    return end
  }

  /// Performs calls that begin in their order, at the same time; returns when all have ended.
  package func performAll(_ calls: [Call]) async {
    await withTaskGroup(of: Void.self) { group in
      for (number, call) in calls.enumerated() {
        group.addTask { [self] in _ = await perform(call, as: "\(number)") }
      }
    }
  }
}
