/// Where the values of one JSON document lie, found in the one pass that checks it.
///
/// It is a flat list in the document's order: what is within an array or object follows it, up to its `next`.
final class JSONIndex: @unchecked Sendable {
  // Unchecked: it is filled by whoever makes it, and again by a `JSONReader` when nobody else has it.

  /// One value.
  struct Entry: Sendable {
    /// Where the member's key lies, without its quotes; empty of what is no member.
    var keyStart: UInt32 = 0
    var keyEnd: UInt32 = 0
    /// Where the value lies.
    var start: UInt32 = 0
    var end: UInt32 = 0
    /// The position in the list after all that is within the value.
    var next: UInt32 = 0
    /// Whether there are escapes in the key.
    var hasEscapedKey = false
    /// Whether it is a string with escapes in it.
    var isEscaped = false

    var key: Range<Int> { Int(keyStart)..<Int(keyEnd) }
    var range: Range<Int> { Int(start)..<Int(end) }
  }

  private(set) var bytes: [UInt8] = []
  private(set) var entries: [Entry] = []
  /// Places in the list of values whose keys may be some of `notedKeys`.
  private(set) var noted: [UInt32] = []
  private(set) var notedKeys = JSONKeys([])

  /// An index of nothing yet.
  init() {}

  /// Checks and indexes the document in a range of some bytes, which may stand so many levels deep in another, and may be
  /// known to be UTF-8.
  ///
  /// What was indexed before is forgotten, and its memory used again.
  func fill(
    _ bytes: [UInt8],
    in range: Range<Int>,
    depth: Int,
    isUTF8: Bool = false,
    noting keys: JSONKeys = JSONKeys([])
  ) throws(JSONError) {
    notedKeys = keys
    var scanner = JSONScanner(depth: depth, noting: keys.marks)
    // Swapped and not copied, so that the memory stays the scanner's alone.
    swap(&scanner.entries, &entries)
    swap(&scanner.noted, &noted)
    defer {
      swap(&scanner.entries, &entries)
      swap(&scanner.noted, &noted)
    }
    guard isUTF8 || (try? UTF8Span(validating: bytes.span.extracting(range))) != nil,
      scanner.isDocument(bytes.span.extracting(..<range.upperBound), from: range.lowerBound)
    else {
      throw Self.error(in: bytes[range], depth: depth)
    }
    self.bytes = bytes
  }

  /// Why a document was refused: the parser knows the words for it.
  private static func error(in bytes: ArraySlice<UInt8>, depth: Int) -> JSONError {
    let bytes = Array(bytes)
    var parser = JSONParser(bytes, depth: depth)
    do throws(JSONError) { _ = try parser.document() } catch { return error }
    return JSONError("expected at most \(UInt32.max) bytes, found \(bytes.count)", at: 0, of: bytes)
  }
}
