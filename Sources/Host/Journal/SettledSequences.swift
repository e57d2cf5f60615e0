/// Which envelopes a consumer is done with: all up to a cursor, and some above it.
///
/// Deliveries settle in any order, so gaps open and close; the set is kept as the cursor and the ranges above it, as
/// few as there are gaps. A sequence that the consumer never gets counts as settled too: whoever reads a page inserts
/// it.
package struct SettledSequences: Sendable, Hashable {
  /// Everything up to and including this sequence is settled.
  package private(set) var cursor: Int64
  /// The settled ranges above the cursor: ascending, apart from each other and from the cursor by at least one
  /// sequence.
  package private(set) var ranges: [ClosedRange<Int64>] = []

  package init(cursor: Int64) {
    self.cursor = cursor
  }

  package func contains(_ sequence: Int64) -> Bool {
    if sequence <= cursor { return true }
    let index = firstRange(endingAtOrAfter: sequence)
    return index < ranges.count && ranges[index].contains(sequence)
  }

  package mutating func insert(_ sequence: Int64) {
    insert(sequence...sequence)
  }

  package mutating func insert(_ new: ClosedRange<Int64>) {
    guard new.upperBound > cursor else { return }
    // Everything that overlaps or touches the new range becomes one with it.
    let first = firstRange(endingAtOrAfter: new.lowerBound - 1)
    var end = first
    var (low, high) = (new.lowerBound, new.upperBound)
    while end < ranges.count, ranges[end].lowerBound <= new.upperBound + 1 {
      low = min(low, ranges[end].lowerBound)
      high = max(high, ranges[end].upperBound)
      end += 1
    }
    if low <= cursor + 1 {
      cursor = high
      ranges.removeSubrange(..<end)
    } else {
      ranges.replaceSubrange(first..<end, with: CollectionOfOne(low...high))
    }
  }

  /// Binary search: ranges are many only while a consumer is far behind on one key.
  private func firstRange(endingAtOrAfter sequence: Int64) -> Int {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < sequence { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension SettledSequences {
  /// The ranges as pairs of variable-length numbers: the gap since the last range, and how long the range is.
  var encodedRanges: [UInt8] {
    var bytes: [UInt8] = []
    var end = cursor
    for range in ranges {
      SettledSequences.append(UInt64(range.lowerBound - end), to: &bytes)
      SettledSequences.append(UInt64(range.upperBound - range.lowerBound), to: &bytes)
      end = range.upperBound
    }
    return bytes
  }

  /// Reads what `encodedRanges` wrote; nil if it did not.
  init?(cursor: Int64, encodedRanges bytes: [UInt8]) {
    self.init(cursor: cursor)
    var rest = bytes[...]
    var end = cursor
    while !rest.isEmpty {
      guard let gap = SettledSequences.number(&rest), let length = SettledSequences.number(&rest), gap >= 2 else {
        return nil
      }
      let (low, tooLow) = end.addingReportingOverflow(gap)
      let (high, tooHigh) = low.addingReportingOverflow(length)
      guard !tooLow, !tooHigh, high < Int64.max else { return nil }
      ranges.append(low...high)
      end = high
    }
  }

  /// Seven bits a byte, the lowest first; the top bit says that more follow.
  private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private static func number(_ bytes: inout ArraySlice<UInt8>) -> Int64? {
    var number: UInt64 = 0
    for shift in stride(from: 0, to: 63, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      number |= UInt64(byte & 0x7f) << UInt64(shift)
      if byte < 0x80 { return Int64(number) }
    }
    return nil
  }
}
