/// A value in a JSON document that was checked as a whole, and of which only what is asked for is read.
///
/// It accepts and refuses what `JSON.parse` does, save that a key may stand twice in an object: the first is found then.
/// Keys are compared byte for byte once their escapes are resolved.
public struct JSONView: Sendable {
  private let index: JSONIndex
  private let position: Int

  /// Checks a document.
  public init(_ bytes: [UInt8]) throws(JSONError) {
    try self.init(bytes, in: bytes.indices)
  }

  /// Checks the document that lies in a range of some bytes, so many levels less deep than one may be.
  ///
  /// So that it can be put into another document that many levels deep.
  public init(_ bytes: [UInt8], in range: Range<Int>, depth: Int = 0) throws(JSONError) {
    index = JSONIndex()
    position = 0
    try index.fill(bytes, in: range, depth: depth)
  }

  /// The document that an index has.
  init(_ index: JSONIndex) {
    self.init(index, 0)
  }

  private init(_ index: JSONIndex, _ position: Int) {
    self.index = index
    self.position = position
  }

  private var entry: JSONIndex.Entry { index.entries[position] }

  /// What kinds of values there are.
  public enum Kind: Sendable, Hashable {
    /// null
    case null
    /// true or false
    case bool
    /// A number.
    case number
    /// Text.
    case string
    /// Values in their order.
    case array
    /// Values by key.
    case object
  }

  /// What kind of value it is.
  public var kind: Kind {
    switch index.bytes[Int(entry.start)] {
    case UInt8(ascii: "n"): .null
    case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
    case UInt8(ascii: "\""): .string
    case UInt8(ascii: "["): .array
    case UInt8(ascii: "{"): .object
    default: .number
    }
  }

  /// Where in the bytes that were checked it lies.
  public var range: Range<Int> { entry.range }

  /// The key, if it is a member of an object.
  public var key: String? { entry.keyStart > 0 ? index.key(entry) : nil }

  /// The value as it is written, to be put into other JSON unchanged.
  public var bytes: ArraySlice<UInt8> { index.bytes[entry.range] }
}

// MARK: - Values

extension JSONView {
  /// Whether it is null.
  public var isNull: Bool { kind == .null }

  /// The truth value, if it is one.
  public var bool: Bool? { kind == .bool ? index.bytes[Int(entry.start)] == UInt8(ascii: "t") : nil }

  /// The text, if it is a string.
  public var string: String? {
    guard let plain else { return kind == .string ? index.unescaped(entry.range) : nil }
    return String(decoding: plain, as: UTF8.self)
  }

  /// What stands between the quotes, if it is a string without escapes, in UTF-8.
  public var plain: ArraySlice<UInt8>? {
    let entry = entry
    guard !entry.isEscaped, index.bytes[Int(entry.start)] == UInt8(ascii: "\"") else { return nil }
    return index.bytes[Int(entry.start) + 1..<Int(entry.end) - 1]
  }

  /// The whole number, if it is one and fits 64 bits; `1.0` is one.
  public var int: Int64? {
    guard kind == .number else { return nil }
    /// So many digits fit for certain.
    let safeDigits = 18
    guard entry.range.count <= safeDigits else { return json?.intValue }
    var value: Int64 = 0
    for byte in bytes {
      let digit = byte &- UInt8(ascii: "0")
      // A sign, a point or an exponent.
      guard digit < 10 else { return json?.intValue }
      value = value * 10 + Int64(digit)
    }
    return value
  }

  /// The number, if it is one.
  public var double: Double? { kind == .number ? json?.doubleValue : nil }

  /// The value with all that is in it; nil if a key stands twice in an object.
  public var json: JSON? { try? JSON.parse(bytes) }
}

// MARK: - What is within

extension JSONView {
  /// The value at a key, if it is an object that has one.
  public subscript(key: String) -> JSONView? {
    kind == .object ? index.child(key, of: position).map { JSONView(index, $0) } : nil
  }

  /// The values, in their order, of all members at any depth whose key is one of some.
  public func descendants(named keys: JSONKeys) -> [JSONView] {
    index.descendants(of: position, named: keys).map { JSONView(index, $0) }
  }

  /// The values within an array; none of what is no array.
  public var elements: Children<JSONView> {
    Children(self, isOf: .array) { view, _ in view }
  }

  /// The members of an object, a key that stands twice twice; none of what is no object.
  public var members: Children<(key: String, value: JSONView)> {
    Children(self, isOf: .object) { view, entry in (view.index.key(entry), view) }
  }

  /// What is within an array or object, in its order.
  public struct Children<Element>: Sequence, IteratorProtocol {
    private let index: JSONIndex
    private var position: Int
    private let last: Int
    private let element: (JSONView, JSONIndex.Entry) -> Element

    fileprivate init(
      _ parent: JSONView,
      isOf kind: Kind,
      _ element: @escaping (JSONView, JSONIndex.Entry) -> Element
    ) {
      index = parent.index
      position = parent.position + 1
      last = parent.kind == kind ? Int(parent.entry.next) : 0
      self.element = element
    }

    /// Returns the next one.
    public mutating func next() -> Element? {
      guard position < last else { return nil }
      let entry = index.entries[position]
      defer { position = Int(entry.next) }
      return element(JSONView(index, position), entry)
    }
  }
}
