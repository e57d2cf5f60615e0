import Testing

@testable import Discord

struct CoverageTests {
  @Test func `an event is covered when all of it and all before it are recorded`() {
    let coverage = Coverage()
    coverage.begin("a")
    let one = coverage.add(1, envelopes: 2)
    let two = coverage.add(2, envelopes: 1)
    let three = coverage.add(3, envelopes: 0)
    #expect(coverage.sequence == nil)
    coverage.recorded(two)
    coverage.recorded(one)
    #expect(coverage.sequence == nil)
    coverage.recorded(one)
    #expect(coverage.sequence == 3 && coverage.isComplete)
    coverage.recorded(three)
    #expect(coverage.sequence == 3)
  }

  @Test func `what is left of a session before covers nothing of the next`() {
    let coverage = Coverage()
    coverage.begin("a")
    let old = coverage.add(7, envelopes: 1)
    coverage.begin("b")
    let new = coverage.add(1, envelopes: 1)
    coverage.recorded(old)
    #expect(coverage.sequence == nil && !coverage.isComplete)
    coverage.recorded(new)
    #expect(coverage.sequence == 1 && coverage.session == "b")
  }

  @Test func `in whatever order envelopes are recorded, coverage is the longest prefix`() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<200 {
      let coverage = Coverage()
      coverage.begin("a")
      let counts = (0..<3000).map { _ in Int.random(in: 0...3, using: &random) }
      var open = counts
      var left: [(Coverage.Ticket, Int)] = []
      for (index, count) in counts.enumerated() {
        let ticket = coverage.add(Int64(index + 1), envelopes: count)
        for _ in 0..<count { left.append((ticket, index)) }
        // A window of what is under way at once, in any order within it.
        while left.count > 40 {
          let (ticket, index) = left.remove(at: Int.random(in: 0..<left.count, using: &random))
          coverage.recorded(ticket)
          open[index] -= 1
        }
        guard index % 97 == 0 else { continue }
        let prefix = open[...index].firstIndex { $0 > 0 } ?? index + 1
        #expect(coverage.sequence == (prefix == 0 ? nil : Int64(prefix)))
      }
      for (ticket, _) in left { coverage.recorded(ticket) }
      #expect(coverage.sequence == 3000 && coverage.isComplete)
    }
  }
}
