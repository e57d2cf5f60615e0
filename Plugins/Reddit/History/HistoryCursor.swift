internal import ProviderKit

/// How far the two listings of a subreddit have been read, its submissions and its comments.
///
/// As text each is `COUNT:TIME:NAME+NAME…`, in which nothing stands for the names where the listing is over.
struct HistoryCursor: Equatable {
  /// How far one listing has been read.
  struct Front: Equatable {
    /// Names of the oldest things that came, oldest first: where the next page begins, and where it does if that is gone.
    var anchors: [Fullname] = []
    /// When the oldest of them was written, in milliseconds since 1970; nil: nothing has come.
    var oldest: Int64?
    /// How many have come, up to `countMax`.
    var count = 0
    /// Whether there is nothing more.
    var isOver = false

    /// Whether Reddit shows no more although there may be more: a listing that ends before half of what it shows at most
    /// has no more.
    var isTruncated: Bool { isOver && count >= Stream.shownMax / 2 }

    /// Notes that more have come.
    mutating func add(_ more: Int) { count = min(count + more, HistoryCursor.countMax) }
  }

  /// How far things are counted: many times what Reddit shows of a listing.
  static let countMax = 1_000_000

  /// How many names stand for a page's end: that many would have to go before what follows is missed.
  static let anchorsMax = 5

  /// Submissions first.
  var fronts = [Front(), Front()]

  /// Both at their beginning.
  init() {}

  /// Since when the subreddit is complete; nil: nothing has come.
  ///
  /// Where a listing goes on, or may, it is complete no further than that was read.
  var complete: Int64? {
    let open = fronts.filter { !$0.isOver || $0.isTruncated }.compactMap(\.oldest)
    return open.max() ?? fronts.compactMap(\.oldest).min()
  }

  /// The listing that is to be read next: the one that has gone less far; nil: both are over.
  var next: Int? {
    let open = fronts.indices.filter { !fronts[$0].isOver }
    return open.max { fronts[$0].oldest ?? .max < fronts[$1].oldest ?? .max }
  }

  // MARK: - As text

  /// Reads what `text` wrote, and nothing else: whoever asks may give anything.
  init(_ text: String) throws(ProviderError) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let found = parts.compactMap { Front($0) }
    guard parts.count == 2, found.count == 2, found.map(\.text).joined(separator: ",") == text else {
      throw ProviderError("history.before: expected a cursor that an answer has given, found \"\(text.prefix(32))\"")
    }
    fronts = found
  }

  /// What an answer gives; nil: both are over.
  var text: String? { next == nil ? nil : fronts.map(\.text).joined(separator: ",") }
}

extension HistoryCursor.Front {
  fileprivate init?(_ text: Substring) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, let count = Int(parts[0]), (0...HistoryCursor.countMax).contains(count)
    else { return nil }
    let names = parts[2].split(separator: "+")
    anchors = names.compactMap { Fullname($0) }
    guard anchors.count == names.count, anchors.count <= HistoryCursor.anchorsMax else { return nil }
    oldest = parts[1].isEmpty ? nil : Int64(parts[1])
    (self.count, isOver) = (count, anchors.isEmpty)
  }

  fileprivate var text: String {
    let names = isOver ? "" : anchors.map(\.description).joined(separator: "+")
    return "\(count):\(oldest.map { "\($0)" } ?? ""):\(names)"
  }
}
