internal import PluginKit

/// What one request waits for: a vector of each of its subjects.
@PluginActor
final class Order {
  let priority: Priority
  /// When whoever asked gives up, in nanoseconds since 1970; 0 = never.
  let deadline: Int64

  private var made: [Made?]
  private var missing: Int
  private var result: Result<[Made], EmbedderError>?
  private var continuation: CheckedContinuation<Result<[Made], EmbedderError>, Never>?

  init(count: Int, priority: Priority, deadline: Int64) {
    self.priority = priority
    self.deadline = deadline
    made = Array(repeating: nil, count: count)
    missing = count
    if count == 0 { result = .success([]) }
  }

  /// Whether nobody waits for it any more.
  var isOver: Bool { result != nil }

  func fill(_ index: Int, _ one: Made) {
    guard !isOver else { return }
    made[index] = one
    missing -= 1
    if missing == 0 { end(.success(made.compactMap(\.self))) }
  }

  func end(_ result: Result<[Made], EmbedderError>) {
    guard !isOver else { return }
    self.result = result
    continuation?.resume(returning: result)
    continuation = nil
  }

  /// Returns when all vectors are there, or it has ended otherwise; cancelled, it ends at once.
  func ended() async throws(EmbedderError) -> [Made] {
    let ended: Result<[Made], EmbedderError> = await withTaskCancellationHandler {
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

/// A subject whose vector is to be made once, for all who wait for it.
@PluginActor
final class Wish {
  let key: SubjectKey
  let subject: Subject
  /// What it counts for in a batch.
  let cost: Int
  /// When it came, in nanoseconds since 1970.
  let since: Int64
  /// The best of those who wait.
  var priority: Priority
  /// Whether it is in a batch.
  var isTaken = false
  /// Who waits for it, and as which of theirs.
  private(set) var waiters: [(order: Order, index: Int)] = []

  init(_ key: SubjectKey, _ subject: Subject, since: Int64, priority: Priority) {
    self.key = key
    self.subject = subject
    cost = subject.cost
    self.since = since
    self.priority = priority
  }

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

  /// Gives what was made, or why nothing could be, to all who wait.
  func end(_ result: Result<Made, EmbedderError>) {
    for (order, index) in waiters {
      switch result {
      case .success(let made): order.fill(index, made)
      case .failure(let error): order.end(.failure(error))
      }
    }
    waiters = []
  }
}
