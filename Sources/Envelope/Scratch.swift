/// A little room on the stack in which bytes are put together, so that a list grows once by all of them, or text is made
/// once.
@safe
struct Scratch: ~Copyable {
  /// Digits of the largest number.
  static let digitsMax = 20

  private let room: UnsafeMutableBufferPointer<UInt8>
  private var count = 0

  fileprivate init(_ room: UnsafeMutableBufferPointer<UInt8>) {
    unsafe self.room = room
  }

  fileprivate var bytes: UnsafeMutableBufferPointer<UInt8> {
    unsafe UnsafeMutableBufferPointer(rebasing: room[..<count])
  }

  /// Puts a byte behind what is there.
  @inline(__always)
  mutating func put(_ byte: UInt8) {
    unsafe precondition(count < room.count, "more bytes than there is room for")
    unsafe room[count] = byte
    count += 1
  }

  /// Puts text behind what is there.
  @inline(__always)
  mutating func put(_ text: StaticString) {
    for place in 0..<text.utf8CodeUnitCount { put(unsafe text.utf8Start[place]) }
  }

  /// Puts text behind what is there.
  @inline(__always)
  mutating func put(_ text: String) {
    let bytes = text.utf8Span.span
    unsafe precondition(count + bytes.count <= room.count, "more bytes than there is room for")
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe _ = room.extracting(count...).update(fromContentsOf: bytes)
    }
    count += bytes.count
  }

  /// Puts the decimal digits of a number behind what is there, with zeros before them if they are fewer than asked for.
  mutating func put(_ number: UInt64, digits least: Int = 1) {
    var (size, rest) = (1, number / 10)
    while rest > 0 { (size, rest) = (size + 1, rest / 10) }
    size = max(size, least)
    unsafe precondition(count + size <= room.count, "more digits than there is room for")
    rest = number
    for place in stride(from: count + size - 1, through: count, by: -1) {
      unsafe room[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    count += size
  }
}

extension String {
  /// Creates text that ends in the digits of a number, as names made of ids are, in one piece of memory.
  public init(_ text: String, _ number: UInt64) {
    self = unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: text.utf8.count + Scratch.digitsMax) { room in
      var scratch = unsafe Scratch(room)
      scratch.put(text)
      scratch.put(number)
      return unsafe String(decoding: scratch.bytes, as: UTF8.self)
    }
  }
}

extension [UInt8] {
  /// Appends what is put together in a room for so many bytes.
  @inline(__always)
  mutating func append(upTo limit: Int, _ fill: (inout Scratch) -> Void) {
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: limit) { room in
      var scratch = unsafe Scratch(room)
      fill(&scratch)
      unsafe append(contentsOf: scratch.bytes)
    }
  }
}
