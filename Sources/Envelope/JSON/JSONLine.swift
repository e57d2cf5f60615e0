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
    let needsComma = needsComma
    // A comma, two quotes, a colon.
    bytes.append(upTo: key.utf8CodeUnitCount + 4) { scratch in
      if needsComma { scratch.put(UInt8(ascii: ",")) }
      scratch.put(UInt8(ascii: "\""))
      scratch.put(key)
      scratch.put("\":")
    }
  }

  /// Appends text.
  public mutating func append(_ text: String) {
    separate()
    bytes.appendJSON(text)
  }

  /// Appends a whole number.
  public mutating func append(_ number: Int64) {
    separate()
    bytes.append(upTo: Scratch.digitsMax) { scratch in
      if number < 0 { scratch.put(UInt8(ascii: "-")) }
      scratch.put(number.magnitude)
    }
  }

  /// Appends a number in quotes, as ids are written that another reader might round.
  public mutating func append(quoted number: UInt64) {
    separate()
    bytes.append(upTo: Scratch.digitsMax + 2) { scratch in
      scratch.put(UInt8(ascii: "\""))
      scratch.put(number)
      scratch.put(UInt8(ascii: "\""))
    }
  }

  /// Appends text that ends in the digits of a number, as names made of ids are.
  public mutating func append(_ text: String, _ number: UInt64) {
    separate()
    bytes.appendJSON(text)
    bytes.removeLast()
    bytes.append(upTo: Scratch.digitsMax + 1) { scratch in
      scratch.put(number)
      scratch.put(UInt8(ascii: "\""))
    }
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
    unsafe json.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
  }

  private mutating func enclose(_ open: UInt8, _ close: UInt8, _ body: (inout JSONLine) -> Void) {
    separate()
    bytes.append(open)
    body(&self)
    bytes.append(close)
  }

  /// Sets a comma after a value.
  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }

  /// Whether a value stands before: whatever ends in none of these bytes is one.
  private var needsComma: Bool {
    switch bytes.last {
    case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"): false
    default: true
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

  /// Appends a member whose value is text that ends in the digits of a number.
  public mutating func set(_ key: StaticString, _ text: String, _ number: UInt64) {
    self.key(key)
    append(text, number)
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
