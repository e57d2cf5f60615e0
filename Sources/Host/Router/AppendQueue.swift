/// The appends that the journal has been asked for and has not answered, oldest first: it answers in the order of
/// asking.
struct AppendQueue {
  /// Who hears how it ended.
  enum Publisher {
    case instance(Caller)
    case client(@Sendable (Result<Int64?, RequestFailure>) -> Void)
    /// A request, which begins when it is recorded; and the instance that it is charged to, if it is one's.
    case request(UInt64, by: Caller?)
  }

  struct Append {
    let bytes: [UInt8]
    let publisher: Publisher

    /// Whose credit it is charged to.
    var debtor: Caller? {
      switch publisher {
      case .instance(let caller): caller
      case .request(_, let caller): caller
      case .client: nil
      }
    }
  }

  private var appends: [Append] = []
  private var first = 0

  var count: Int { appends.count - first }

  mutating func add(_ append: Append) {
    appends.append(append)
  }

  mutating func removeFirst() -> Append? {
    guard first < appends.count else { return nil }
    defer {
      first += 1
      // Moving the rest down costs its length, so it waits until as much has gone as is left.
      if first * 2 > appends.count {
        appends.removeFirst(first)
        first = 0
      }
    }
    return appends[first]
  }
}
