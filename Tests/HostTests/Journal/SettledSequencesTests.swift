import Host
import TestSupport
import Testing

@Suite struct SettledSequencesTests {
  @Test func `the cursor waits at the first gap and then passes all that is settled behind it`() {
    var settled = SettledSequences(cursor: 10)
    settled.insert(12)
    settled.insert(13)
    #expect(settled.cursor == 10)
    #expect(settled.ranges == [12...13])
    settled.insert(11)
    #expect(settled.cursor == 13)
    #expect(settled.ranges.isEmpty)
  }

  @Test func `a range joins all it overlaps and touches`() {
    var settled = SettledSequences(cursor: 0)
    for range: ClosedRange<Int64> in [3...4, 8...9, 20...30] { settled.insert(range) }
    settled.insert(5...7)
    #expect(settled.ranges == [3...9, 20...30])
    settled.insert(2...40)
    #expect(settled.ranges == [2...40])
    settled.insert(1...1)
    #expect(settled.cursor == 40)
  }

  @Test func `what is settled already changes nothing`() {
    var settled = SettledSequences(cursor: 5)
    settled.insert(7...9)
    let before = settled
    for range: ClosedRange<Int64> in [1...5, 3...3, 7...9, 8...8] { settled.insert(range) }
    #expect(settled == before)
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func `any order of settling, one by one or in ranges, comes to what a set of numbers says`(seed: UInt64) {
    var random = SeededRandom(seed: seed &+ 1)
    let ranges = (0..<60).map { _ -> ClosedRange<Int64> in
      let low = Int64.random(in: 1...150, using: &random)
      return low...(low + Int64.random(in: 0...3, using: &random))
    }
    let expected = Set(ranges.flatMap { $0 })
    var results: Set<SettledSequences> = []
    for _ in 0..<5 {
      var settled = SettledSequences(cursor: 0)
      for range in ranges.shuffled(using: &random) {
        if Bool.random(using: &random) {
          settled.insert(range)
        } else {
          range.reversed().forEach { settled.insert($0) }
        }
      }
      #expect((1...200).allSatisfy { settled.contains($0) == expected.contains($0) })
      results.insert(settled)
    }
    #expect(results.count == 1)
    #expect(results.first?.cursor == (0...200).last { top in (0...top).dropFirst().allSatisfy(expected.contains) })
  }
}
