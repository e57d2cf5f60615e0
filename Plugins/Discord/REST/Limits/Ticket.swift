internal import PluginKit
internal import ProviderKit

/// A call's place in the queues.
@PluginActor
final class Ticket: FairlyQueued {
  enum Stage {
    /// Not in a queue: new, being sent, or done.
    case outside
    /// In its bucket's queue.
    case waiting
    /// Its bucket has let it through; it waits for the global limit.
    case admitted
  }

  nonisolated let route: Route
  nonisolated let requester: String
  nonisolated let isAuthorized: Bool
  nonisolated let isPatient: Bool
  /// When it is of no use any more to be sent, by the agenda's time.
  nonisolated let latest: Int64
  /// Its number in the order of all calls, which it keeps however often it is tried.
  nonisolated let number: UInt64

  var stage = Stage.outside
  var bucket: Bucket?
  var continuation: CheckedContinuation<Result<Void, RESTFailure>, Never>?

  init(
    _ route: Route,
    requester: String,
    isAuthorized: Bool,
    isPatient: Bool = false,
    latest: Int64,
    number: UInt64
  ) {
    self.route = route
    self.requester = requester
    self.isAuthorized = isAuthorized
    self.isPatient = isPatient
    self.latest = latest
    self.number = number
  }

  func resume(_ result: Result<Void, RESTFailure>) {
    stage = .outside
    let waiter = continuation
    continuation = nil
    waiter?.resume(returning: result)
  }
}
