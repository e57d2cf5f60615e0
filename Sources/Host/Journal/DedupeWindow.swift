/// The digests of the envelopes recorded last, in memory.
///
/// An index on disk would touch a page of its own for each digest, at five to eight times the cost of recording the
/// envelope itself. Two generations make forgetting free: the newer one fills up, takes the place of the older, and a
/// digest is known for at least `size` further ones and at most twice that.
struct DedupeWindow {
  let size: Int
  private var older: Set<DedupeDigest> = []
  private var newer: Set<DedupeDigest> = []
  /// The sequence before which no digest is in `newer`, and the same of `older`: below the latter nothing is known any
  /// more.
  private var newerStart: Int64 = 0
  private(set) var start: Int64 = 0

  init(size: Int) {
    self.size = size
  }

  /// Adds a digest, unless it is known already.
  mutating func insert(_ digest: DedupeDigest) -> Bool {
    if older.contains(digest) { return false }
    return newer.insert(digest).inserted
  }

  /// Takes back what a failed commit inserted since the last `turn`.
  mutating func remove(_ digests: [DedupeDigest]) {
    for digest in digests { newer.remove(digest) }
  }

  /// Begins a new generation if the newer one is full; `next` is the sequence that comes next.
  mutating func turn(next: Int64) {
    guard newer.count >= size else { return }
    swap(&older, &newer)
    newer.removeAll(keepingCapacity: true)
    (start, newerStart) = (newerStart, next)
  }
}
