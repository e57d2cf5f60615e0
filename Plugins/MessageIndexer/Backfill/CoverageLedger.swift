internal import PluginKit

/// Which parts of a space's history are known to be complete: closed intervals of time, newest first.
///
/// An interval is only what pages have proven, one following on the other by their cursors. Times are the provider's own, in
/// milliseconds, of which several messages may have the same; so two intervals are one only where they share more than the
/// end of one of them.
struct CoverageLedger: Sendable, Equatable {
  /// Why there is nothing to be had below an interval.
  enum Floor: String, Sendable {
    /// Nothing is older.
    case end
    /// The provider shows no more.
    case truncated
  }

  /// A time in which every message that the provider had when it was read is known.
  struct Interval: Sendable, Equatable {
    /// When its first and last were written, in milliseconds since 1970.
    var newest: Int64
    var oldest: Int64
    /// What the page below is asked for by; nil: there is none.
    var cursor: String?
    var floor: Floor?
  }

  /// How many intervals are kept: with the longest cursors they fit one document.
  ///
  /// Beyond, the shortest is forgotten, which costs no more than fetching it again.
  static let intervalsMax = 64
  private static let version: Int64 = 1

  /// Newest first; none touches another.
  private(set) var intervals: [Interval] = []

  /// A ledger of a space of which nothing is known.
  init() {}

  // MARK: - Growing

  /// Takes note of a page that was asked for by a cursor, nil being from the newest message on.
  ///
  /// - Returns: The interval that it now belongs to; nil: the page proves nothing.
  @discardableResult
  mutating func add(_ page: PageReport, after cursor: String?) -> Interval? {
    let place = cursor.flatMap { cursor in intervals.firstIndex { $0.cursor == cursor } }
    var grown: Interval
    if let place {
      grown = intervals.remove(at: place)
      grown.oldest = min(grown.oldest, page.oldest ?? grown.oldest)
    } else {
      guard let newest = page.newest, let oldest = page.oldest, oldest <= newest else { return nil }
      grown = Interval(newest: newest, oldest: oldest)
    }
    (grown.cursor, grown.floor) = (page.next, page.floor)
    // What it has grown into may itself reach further.
    while let other = intervals.firstIndex(where: { Self.touch(grown, $0) }) {
      grown = Self.union(grown, intervals.remove(at: other))
    }
    insert(grown)
    return grown
  }

  /// The interval that holds everything from just before a time on downwards; nil: that is not known.
  func interval(before time: Int64) -> Interval? {
    intervals.first { $0.newest >= time && $0.oldest < time }
  }

  private mutating func insert(_ interval: Interval) {
    let place =
      intervals.firstIndex { ($0.newest, $0.oldest) < (interval.newest, interval.oldest) } ?? intervals.endIndex
    intervals.insert(interval, at: place)
    guard intervals.count > Self.intervalsMax else { return }
    let others = intervals.indices.filter { intervals[$0] != interval }
    let shortest = others.min {
      intervals[$0].newest - intervals[$0].oldest < intervals[$1].newest - intervals[$1].oldest
    }
    if let shortest { intervals.remove(at: shortest) }
  }

  /// Whether nothing can lie between two intervals.
  private static func touch(_ one: Interval, _ other: Interval) -> Bool {
    let (upper, lower) = one.newest >= other.newest ? (one, other) : (other, one)
    // Below the end of everything there is nothing, so what lies there is known.
    return upper.floor == .end || upper.oldest < lower.newest
  }

  private static func union(_ one: Interval, _ other: Interval) -> Interval {
    let (upper, lower) = one.newest >= other.newest ? (one, other) : (other, one)
    let isUpper =
      upper.floor == .end || upper.oldest < lower.oldest || upper.oldest == lower.oldest && lower.floor == nil
    var whole = isUpper ? upper : lower
    (whole.newest, whole.oldest) = (upper.newest, min(upper.oldest, lower.oldest))
    return whole
  }

  // MARK: - As a document

  /// Reads what `json` wrote; nil of anything else.
  init?(json: JSON) {
    guard json["version"]?.intValue == Self.version, let list = json["intervals"]?.arrayValue else { return nil }
    for item in list {
      guard let newest = item["newest"]?.intValue, let oldest = item["oldest"]?.intValue, oldest <= newest else {
        return nil
      }
      intervals.append(
        Interval(
          newest: newest,
          oldest: oldest,
          cursor: item["cursor"]?.stringValue,
          floor: item["floor"]?.stringValue.flatMap(Floor.init)
        )
      )
    }
  }

  /// The ledger for a document.
  var json: JSON {
    let list = intervals.map { interval -> JSON in
      [
        "newest": .int(interval.newest), "oldest": .int(interval.oldest),
        "cursor": interval.cursor.map { .string($0) } ?? .null,
        "floor": interval.floor.map { .string($0.rawValue) } ?? .null,
      ]
    }
    return ["version": .int(Self.version), "intervals": .array(list)]
  }
}
