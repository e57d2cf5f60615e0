import PluginKit
import TestSupport
import Testing

@testable import Reddit

struct CursorTests {
  private static func things(_ numbers: some Sequence<Int>) throws -> [Thing] {
    try numbers.map { try Thing(Made.comment($0, at: Made.epoch + $0)) }
  }

  @Test func `a cursor outlives its process`() throws {
    var cursor = Cursor()
    #expect(cursor.isNew)
    cursor.add(try Self.things(1...500))
    let bytes = cursor.bytes(of: "/r/x/new")
    #expect(Cursor(bytes: bytes, of: "/r/x/new") == cursor)
    #expect(Cursor(bytes: bytes, of: "/r/y/new") == nil)
    #expect(cursor.newest == Int64(Made.epoch + 500) * 1_000_000_000)
    for text in ["", "{}", "[]", #"{"version":2,"path":"/r/x/new","newest":1,"seen":[]}"#] {
      #expect(Cursor(bytes: Array(text.utf8), of: "/r/x/new") == nil)
    }
  }

  @Test func `it knows the newest thousand, and fits a document of the state`() throws {
    var cursor = Cursor()
    for start in stride(from: 4_000_000_000_000, to: 4_000_000_003_000, by: 100) {
      cursor.add(try (start..<start + 100).map { try Thing(Made.comment($0)) })
    }
    #expect(cursor.names.count == 1000)
    #expect(!cursor.contains(Fullname(.comment, Made.id(4_000_000_001_999))))
    #expect(cursor.contains(Fullname(.comment, Made.id(4_000_000_002_000))))
    #expect(cursor.bytes(of: "/" + String(repeating: "p", count: 4000)).count <= 32 << 10)
  }

  @Test func `what is shown again and again stays known`() throws {
    var cursor = Cursor()
    cursor.add(try Self.things(1...3))
    for start in stride(from: 100, to: 3000, by: 100) { cursor.add(try Self.things(Array(start..<start + 100) + [2])) }
    #expect(cursor.contains(Fullname(.comment, "2")))
    #expect(!cursor.contains(Fullname(.comment, "3")))
  }

  @Test func `a listing that was read and had nothing is not a new one`() throws {
    var cursor = Cursor()
    cursor.add([])
    #expect(!cursor.isNew)
    #expect(Cursor(bytes: cursor.bytes(of: "/x"), of: "/x")?.isNew == false)
  }
}

struct PaceTests {
  private static let second: Int64 = 1_000_000_000

  @Test func `the wait grows slowly while nothing comes, up to the slowest`() {
    var pace = Pace(fastest: 2 * Self.second, slowest: 60 * Self.second)
    let waits = (0..<8).map { _ in pace.next(0, in: Self.second) / Self.second }
    #expect(waits == [4, 8, 16, 32, 60, 60, 60, 60])
  }

  @Test func `what comes fast is read fast, and a third of a page at a time`() {
    var pace = Pace(fastest: 2 * Self.second, slowest: 60 * Self.second)
    for _ in 0..<9 { _ = pace.next(0, in: 60 * Self.second) }
    #expect(pace.next(1000, in: 60 * Self.second) < 6 * Self.second)
    var wait = 10 * Self.second
    for _ in 0..<40 { wait = pace.next(Int(3 * wait / Self.second), in: wait) }
    #expect((10...12).contains(wait / Self.second), "\(wait)")
  }

  @Test(arguments: [(0, 0), (Int.max, 1), (1000, 0), (0, Int64.max), (1, -5)] as [(Int, Int64)])
  func `no wait is outside of its bounds`(count: Int, elapsed: Int64) {
    for (fastest, slowest): (Int64, Int64) in [(1, 5), (5, 1), (1, 31_536_000_000_000_000), (1_000_000, 1_000_000)] {
      var pace = Pace(fastest: fastest, slowest: slowest)
      for _ in 0..<100 { #expect((fastest...max(fastest, slowest)).contains(pace.next(count, in: elapsed))) }
    }
  }
}
