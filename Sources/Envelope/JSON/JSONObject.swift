/// The members of a JSON object, in the order they were written or added.
///
/// Keys are compared as Swift compares text, so two spellings of one character are one key. Objects are equal whatever
/// the order.
public struct JSONObject: Sendable {
  /// A key and its value.
  public typealias Member = (key: String, value: JSON)

  /// Above this many members, keys are found by hash: below it, comparing each is faster.
  private static let scanMax = 16

  /// The keys, in order.
  public private(set) var keys: [String] = []
  private var values: [JSON] = []
  /// Where each key is; empty up to `scanMax` members.
  private var index: [String: Int] = [:]

  /// Creates an object without members.
  public init() {}

  /// Creates an object; of a key given twice, the last value stays.
  public init(_ members: some Sequence<(String, JSON)>) {
    for (key, value) in members { self[key] = value }
  }

  /// The value at a key.
  ///
  /// Setting one that is new adds it at the end; setting nil removes it.
  public subscript(key: String) -> JSON? {
    get { position(of: key).map { values[$0] } }
    set {
      switch (position(of: key), newValue) {
      case (let position?, let value?): values[position] = value
      case (let position?, nil): remove(at: position)
      case (nil, let value?): append(key, value)
      case (nil, nil): break
      }
    }
  }

  /// Adds a member at the end, or returns false if the key is there already.
  mutating func insert(_ key: String, _ value: JSON) -> Bool {
    guard position(of: key) == nil else { return false }
    append(key, value)
    return true
  }

  private func position(of key: String) -> Int? {
    keys.count > Self.scanMax ? index[key] : keys.firstIndex(of: key)
  }

  private mutating func append(_ key: String, _ value: JSON) {
    keys.append(key)
    values.append(value)
    if keys.count == Self.scanMax + 1 {
      reindex()
    } else if keys.count > Self.scanMax {
      index[key] = keys.count - 1
    }
  }

  private mutating func remove(at position: Int) {
    keys.remove(at: position)
    values.remove(at: position)
    reindex()
  }

  private mutating func reindex() {
    index.removeAll()
    guard keys.count > Self.scanMax else { return }
    for (position, key) in keys.enumerated() { index[key] = position }
  }
}

extension JSONObject: RandomAccessCollection {
  /// The position before the first member.
  public var startIndex: Int { 0 }
  /// The position after the last member.
  public var endIndex: Int { keys.count }
  /// The member at a position.
  public subscript(position: Int) -> Member { (keys[position], values[position]) }
}

extension JSONObject: Hashable {
  /// Returns whether two objects have the same members, in whatever order.
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
  }

  /// Feeds the members into a hash, in a way that their order does not show.
  public func hash(into hasher: inout Hasher) {
    var sum = 0
    for member in self {
      var own = Hasher()
      own.combine(member.key)
      own.combine(member.value)
      sum ^= own.finalize()
    }
    hasher.combine(sum)
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// Creates an object; of a key given twice, the last value stays.
  public init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }
}
