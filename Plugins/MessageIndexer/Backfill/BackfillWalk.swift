/// A walk through one space from its newest message to its oldest, which passes over what is known.
struct BackfillWalk: Equatable {
  private let job: BackfillJob
  /// What is known of the space.
  private(set) var ledger: CoverageLedger
  /// What the next page is asked for by; nil: it is the first.
  private(set) var cursor: String?
  /// How many messages were fetched.
  private(set) var fetched: Int
  /// Down to when everything is known from where the walk began; nil: nothing is.
  private(set) var oldest: Int64?
  /// Whether everything is fetched that was ordered and is to be had.
  private(set) var isOver = false

  /// The walk of a lane, as far as that is.
  init(_ lane: BackfillLane, _ ledger: CoverageLedger, _ job: BackfillJob) {
    (self.ledger, self.job) = (ledger, job)
    (cursor, fetched) = (lane.cursor, lane.fetched)
    // Of what is newer than all that is known, only the provider can tell: it is asked in any case.
    guard cursor == nil, let until = job.until, let interval = ledger.interval(before: until) else { return }
    pass(interval)
  }

  /// How many messages may still be fetched; nil: any number.
  var left: Int? { job.limit.map { $0 - fetched } }

  /// A page has come.
  mutating func add(_ page: PageReport) {
    fetched += page.messages
    if let interval = ledger.add(page, after: cursor) {
      pass(interval)
    } else {
      cursor = page.next
      isOver = page.next == nil
    }
    if let left, left <= 0 { isOver = true }
  }

  /// Goes on below what is known.
  private mutating func pass(_ interval: CoverageLedger.Interval) {
    (cursor, oldest) = (interval.cursor, interval.oldest)
    isOver = interval.cursor == nil || job.since.map { interval.oldest < $0 } ?? false
  }
}
