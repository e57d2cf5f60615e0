internal import PluginKit

/// What one request waits for: a vector for each of its texts.
@PluginActor
final class Order {
  let priority: Priority
  /// When whoever asked gives up, in nanoseconds since 1970; 0 = never.
  let deadline: Int64

  private var vectors: [[Float]]
  private var missing: Int
  private var result: Result<[[Float]], EmbedderError>?
  private var continuation: CheckedContinuation<Result<[[Float]], EmbedderError>, Never>?

  init(count: Int, priority: Priority, deadline: Int64) {
    self.priority = priority
    self.deadline = deadline
    vectors = Array(repeating: [], count: count)
    missing = count
    if count == 0 { result = .success([]) }
  }

  /// Whether nobody waits for it any more.
  var isOver: Bool { result != nil }

  func fill(_ index: Int, _ vector: [Float]) {
    guard !isOver else { return }
    vectors[index] = vector
    missing -= 1
    if missing == 0 { end(.success(vectors)) }
  }

  func end(_ result: Result<[[Float]], EmbedderError>) {
    guard !isOver else { return }
    self.result = result
    continuation?.resume(returning: result)
    continuation = nil
  }

  /// Returns when all vectors are there, or it has ended otherwise; cancelled, it ends at once.
  func ended() async throws(EmbedderError) -> [[Float]] {
    let ended: Result<[[Float]], EmbedderError> = await withTaskCancellationHandler {
      await PluginActor.staying {
        await withCheckedContinuation { continuation in
          if let result { return continuation.resume(returning: result) }
          self.continuation = continuation
        }
      }
    } onCancel: {
      PluginActor.task { [self] in end(.failure(EmbedderError("the service stopped before it was computed"))) }
    }
    return try ended.get()
  }
}

/// A text that is to be computed once, for all who wait for it.
@PluginActor
final class Wish {
  let key: TextKey
  let text: String
  /// When it came, in nanoseconds since 1970.
  let since: Int64
  /// The best of those who wait.
  var priority: Priority
  /// Whether it is in a batch.
  var isTaken = false
  /// Who waits for it, and as which of theirs.
  private(set) var waiters: [(order: Order, index: Int)] = []

  init(_ key: TextKey, _ text: String, since: Int64, priority: Priority) {
    self.key = key
    self.text = text
    self.since = since
    self.priority = priority
  }

  /// What it counts for in a batch.
  var cost: Int { min(text.utf8.count, BatchLimits.textCostMax) }

  func add(_ order: Order, _ index: Int) {
    waiters.append((order, index))
  }

  /// Whether somebody still waits; those whose deadline has passed hear of it.
  func isWanted(at now: Int64) -> Bool {
    for waiter in waiters where waiter.order.deadline != 0 && waiter.order.deadline <= now {
      waiter.order.end(.failure(EmbedderError("the deadline passed before its turn came")))
    }
    return waiters.contains { !$0.order.isOver }
  }

  func end(_ result: Result<[Float], EmbedderError>) {
    for (order, index) in waiters {
      switch result {
      case .success(let vector): order.fill(index, vector)
      case .failure(let error): order.end(.failure(error))
      }
    }
    waiters = []
  }
}
