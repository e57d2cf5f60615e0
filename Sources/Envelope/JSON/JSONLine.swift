/// JSON in one line that is written value by value, without any tree of it.
///
/// The writer sets the commas; that each object is closed, and that what is put in raw is JSON, is for whoever writes.
public struct JSONLine: Sendable {
  /// What was written so far, in UTF-8.
  public private(set) var bytes: [UInt8] = []

  /// Creates a line without anything in it, with room for so many bytes.
  public init(capacity: Int = 0) {
    bytes.reserveCapacity(capacity)
  }

  /// Appends an object.
  public mutating func object(_ members: (inout JSONLine) -> Void) {
    enclose(UInt8(ascii: "{"), UInt8(ascii: "}"), members)
  }

  /// Appends an array.
  public mutating func array(_ elements: (inout JSONLine) -> Void) {
    enclose(UInt8(ascii: "["), UInt8(ascii: "]"), elements)
  }

  /// Appends a key that needs no escapes, after which its value is to come.
  public mutating func key(_ key: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    key.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  /// Appends text.
  public mutating func append(_ text: String) {
    separate()
    bytes.appendJSON(text)
  }

  /// Appends a whole number.
  public mutating func append(_ number: Int64) {
    separate()
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    bytes.append(decimal: number.magnitude)
  }

  /// Appends a number in quotes, as ids are written that another reader might round.
  public mutating func append(quoted number: UInt64) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    bytes.append(decimal: number)
    bytes.append(UInt8(ascii: "\""))
  }

  /// Appends a moment, as RFC 3339 text.
  public mutating func append(_ time: Timestamp) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    time.append(to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// Appends a truth value.
  public mutating func append(_ value: Bool) {
    separate()
    bytes += (value ? "true" : "false").utf8
  }

  /// Appends a value that is JSON already, unchanged.
  public mutating func append(raw json: ArraySlice<UInt8>) {
    separate()
    bytes += json
  }

  private mutating func enclose(_ open: UInt8, _ close: UInt8, _ body: (inout JSONLine) -> Void) {
    separate()
    bytes.append(open)
    body(&self)
    bytes.append(close)
  }

  /// Sets a comma after a value: whatever ends in none of these bytes is one.
  private mutating func separate() {
    switch bytes.last {
    case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"): break
    default: bytes.append(UInt8(ascii: ","))
    }
  }
}

extension JSONLine {
  /// Appends a member whose value is text, unless there is none.
  public mutating func set(_ key: StaticString, _ text: String?) {
    guard let text else { return }
    self.key(key)
    append(text)
  }

  /// Appends a member whose value is a whole number, unless there is none.
  public mutating func set(_ key: StaticString, _ number: Int64?) {
    guard let number else { return }
    self.key(key)
    append(number)
  }

  /// Appends a member whose value is a number in quotes, unless there is none.
  public mutating func set(_ key: StaticString, quoted number: UInt64?) {
    guard let number else { return }
    self.key(key)
    append(quoted: number)
  }

  /// Appends a member whose value is a moment.
  public mutating func set(_ key: StaticString, _ time: Timestamp) {
    self.key(key)
    append(time)
  }

  /// Appends a member whose value is JSON already, unless there is none.
  public mutating func set(_ key: StaticString, raw json: ArraySlice<UInt8>?) {
    guard let json else { return }
    self.key(key)
    append(raw: json)
  }
}

extension [UInt8] {
  /// Appends the decimal digits of a number.
  fileprivate mutating func append(decimal number: UInt64) {
    /// Digits of the largest number.
    let digitsMax = 20
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: digitsMax) { digits in
      var first = digitsMax
      var rest = number
      repeat {
        first -= 1
        unsafe digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      } while rest > 0
      unsafe append(contentsOf: UnsafeMutableBufferPointer(rebasing: digits[first...]))
    }
  }
}
