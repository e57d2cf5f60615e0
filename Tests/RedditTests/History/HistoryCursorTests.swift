import ProviderKit
import Testing

@testable import Reddit

@Suite("Where the past of a subreddit goes on")
struct HistoryCursorTests {
  private func front(_ names: [String], _ oldest: Int64?, _ count: Int) -> HistoryCursor.Front {
    var front = HistoryCursor.Front()
    front.anchors = names.compactMap { Fullname($0) }
    (front.oldest, front.count, front.isOver) = (oldest, count, names.isEmpty)
    return front
  }

  @Test func `a cursor is read as it was written, and one of two that are over is none`() throws {
    var cursor = HistoryCursor()
    cursor.fronts = [front(["t3_a", "t3_b"], 5, 100), front([], 9, 1000)]
    #expect(cursor.text == "100:5:t3_a+t3_b,1000:9:")
    #expect(try HistoryCursor(#require(cursor.text)) == cursor)
    cursor.fronts[0] = front([], 5, 100)
    #expect(cursor.text == nil)
  }

  @Test func `what is counted has an end, so that no cursor is one of which nothing can be read on`() throws {
    var cursor = try HistoryCursor("\(HistoryCursor.countMax):2:t3_a,1:2:t1_a")
    cursor.fronts[0].add(100)
    #expect(cursor.fronts[0].count == HistoryCursor.countMax)
    #expect(try HistoryCursor(#require(cursor.text)) == cursor)
  }

  @Test func `the longest fits what a cursor may be`() {
    var cursor = HistoryCursor()
    let names = (0..<5).map { "t3_zzzzzzzzzzz\($0)z" }
    cursor.fronts = [front(names, .max, 100_000), front(names, .max, 100_000)]
    #expect((cursor.text?.utf8.count ?? .max) <= HistoryOrder.cursorMax)
  }

  @Test(
    arguments: [
      "", "1:2:t3_a", "1:2:t3_a,1:2:x", "1:2:t3_a,-1:2:t1_a", "1:2,3:4", "1:2:t3_a,1:2:t1_a,1:2:t1_a",
      "1:x:t3_a,1:2:t1_a", "+1:2:t3_a,1:2:t1_a", "1:2:t3_a++t3_b,1:2:t1_a", "1000001:2:t3_a,1:2:t1_a",
      "9223372036854775807:2:t3_a,1:2:t1_a",
    ]
  )
  func `anything else is none`(text: String) {
    #expect(throws: ProviderError.self) { try HistoryCursor(text) }
  }

  @Test func `complete is what both listings have come to, and the one that is behind is next`() {
    var cursor = HistoryCursor()
    #expect(cursor.complete == nil)
    cursor.fronts = [front(["t3_a"], 500, 100), front(["t1_a"], 800, 100)]
    #expect(cursor.complete == 800 && cursor.next == 1)
    // One that ended for want of more is complete altogether.
    cursor.fronts[1] = front([], 900, 40)
    #expect(cursor.complete == 500 && cursor.next == 0)
    // One of which Reddit shows no more is not.
    cursor.fronts[1] = front([], 900, 1000)
    #expect(cursor.complete == 900 && cursor.next == 0)
    cursor.fronts = [front([], 500, 3), front([], 900, 4)]
    #expect(cursor.complete == 500 && cursor.next == nil)
  }
}
