internal import Envelope

/// Why a request got no answer, or an answer that is an error.
package struct RequestFailure: Error, Sendable {
  /// One of PROMETHEAN_….
  package let status: Int32
  /// Why, for people.
  package let message: String
}

/// The requests that somebody waits for, each answered exactly once: by a response, by an error, or at its deadline.
struct PendingRequests {
  /// Who waits.
  enum Requester {
    case instance(Caller)
    /// Somebody on the admin socket.
    case client(@Sendable (Result<Envelope, RequestFailure>) -> Void)

    /// The instance that it is, if it is one.
    var caller: Caller? {
      if case .instance(let caller) = self { caller } else { nil }
    }
  }

  /// A request that is not answered yet.
  struct Request {
    let requester: Requester
    /// What the response bears: the request's topic, intent and trace.
    let topic: String
    let intent: String
    let trace: String
    /// When to give up, ns since 1970.
    let deadline: Int64
    /// The consumer that is to answer; others may see a request that is recorded, and have no say.
    let responder: Int
    /// What pairs it with its response; set when it is added.
    fileprivate(set) var correlation = ""
  }

  private var requests: [UInt64: Request] = [:]
  private var lastID: UInt64 = 0
  /// Tells this host's requests from those in the journal that an earlier one began.
  private let boot: String

  init(boot: String) {
    self.boot = boot
  }

  var count: Int { requests.count }

  /// Adds a request and returns its number.
  mutating func add(_ request: Request) -> UInt64 {
    lastID += 1
    var request = request
    request.correlation = correlation(of: lastID)
    requests[lastID] = request
    return lastID
  }

  /// Whether a request is still to be answered.
  func contains(_ id: UInt64) -> Bool {
    requests[id] != nil
  }

  /// Takes a request out, to answer it.
  mutating func remove(_ id: UInt64) -> Request? {
    requests.removeValue(forKey: id)
  }

  /// What pairs a request with its response on the envelope.
  func correlation(of id: UInt64) -> String {
    "\(boot)-\(id)"
  }

  /// The number of the request that a `corr` of this host's speaks of, if a consumer is the one to answer it.
  func id(of correlation: String, for consumer: Int) -> UInt64? {
    guard correlation.hasPrefix(boot + "-"), let id = UInt64(correlation.dropFirst(boot.count + 1)) else { return nil }
    return requests[id]?.responder == consumer ? id : nil
  }

  /// Takes out those whose deadline has passed.
  mutating func expired(at now: Int64) -> [Request] {
    let ids = requests.filter { $0.value.deadline <= now }.map(\.key).sorted()
    return ids.compactMap { requests.removeValue(forKey: $0) }
  }

  /// Forgets what an instance that has ended waited for.
  mutating func forget(_ instance: Instance) {
    requests = requests.filter {
      guard case .instance(let caller) = $0.value.requester else { return true }
      return caller.instance !== instance
    }
  }
}
