import Envelope
import Foundation
import TestSupport
import Testing

@Suite("Timestamps")
struct TimestampTests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (1, "1970-01-01T00:00:00.000000001Z"), (-1, "1969-12-31T23:59:59.999999999Z"),
      (1_000_000, "1970-01-01T00:00:00.001Z"), (1_000, "1970-01-01T00:00:00.000001Z"),
      (1_795_219_200_123_000_000, "2026-11-21T00:00:00.123Z"), (951_782_400_000_000_000, "2000-02-29T00:00:00Z"),
      (4_107_542_399_000_000_000, "2100-02-28T23:59:59Z"), (4_107_542_400_000_000_000, "2100-03-01T00:00:00Z"),
      (Int64.max, "2262-04-11T23:47:16.854775807Z"), (Int64.min, "1677-09-21T00:12:43.145224192Z"),
    ] as [(Int64, String)]
  )
  func `a moment and its text are the same`(nanoseconds: Int64, text: String) throws {
    #expect(Timestamp(nanoseconds: nanoseconds).description == text)
    #expect(try Timestamp(text).nanoseconds == nanoseconds)
  }

  @Test(arguments: [
    ("2026-11-21T01:30:00+01:30", "2026-11-21T00:00:00Z"), ("2026-11-20T23:00:00.5-01:00", "2026-11-21T00:00:00.500Z"),
    ("2026-11-21T00:00:00-00:00", "2026-11-21T00:00:00Z"), ("2026-11-21T00:00:00.1200Z", "2026-11-21T00:00:00.120Z"),
    ("2026-12-31T23:59:59.123456789-23:59", "2027-01-01T23:58:59.123456789Z"),
  ])
  func `text with an offset is put into UTC`(text: String, expected: String) throws {
    #expect(try Timestamp(text).description == expected)
  }

  @Test(arguments: [
    "", "2026", "2026-11-21", "2026-11-21T00:00:00", "2026-11-21 00:00:00Z", "2026-11-21t00:00:00z",
    "2026-11-21T00:00Z", "2026-11-21T00:00:00.Z", "2026-11-21T00:00:00.1234567890Z", "2026-11-21T00:00:00,1Z",
    "2026-11-21T00:00:00ZZ", "2026-11-21T00:00:00+0100", "2026-11-21T00:00:00+24:00", "2026-11-21T00:00:00+01:60",
    "2026-11-21T24:00:00Z", "2026-11-21T00:60:00Z", "2026-06-30T23:59:60Z", "2026-00-21T00:00:00Z",
    "2026-13-21T00:00:00Z", "2026-11-00T00:00:00Z", "2026-11-31T00:00:00Z", "2026-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z", "26-11-21T00:00:00Z", "+2026-11-21T00:00:00Z", " 2026-11-21T00:00:00Z",
    "2026-11-21T00:00:00Z ", "2026-11-2१T00:00:00Z", "1677-09-21T00:12:43.145224191Z",
    "2262-04-11T23:47:16.854775808Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
  ])
  func `text that is no moment is refused`(text: String) {
    let error = #expect(throws: TimestampError.self) { try Timestamp(text) }
    #expect(error?.description.hasPrefix("time: expected ") == true)
  }

  @Test func `any moment comes back from its text`() throws {
    var random = SeededRandom(seed: 1)
    for _ in 0..<5_000 {
      let moment = Timestamp(nanoseconds: Int64.random(in: .min ... .max, using: &random))
      #expect(try Timestamp(moment.description) == moment)
    }
  }

  @Test func `the calendar is Foundation's`() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
    for day in stride(from: -106_000, through: 106_000, by: 37) {
      let parts = calendar.dateComponents(
        [.year, .month, .day],
        from: Date(timeIntervalSince1970: Double(day) * 86400)
      )
      let text = Timestamp(nanoseconds: Int64(day) * 86_400_000_000_000).description.prefix(10)
      #expect(text.split(separator: "-").map { Int($0) } == [parts.year, parts.month, parts.day])
    }
  }

  @Test func `now is now`() {
    let before = Date().timeIntervalSince1970
    let now = Double(Timestamp.now.nanoseconds) / 1e9
    #expect(now > before - 1 && now < Date().timeIntervalSince1970 + 1)
    #expect(Timestamp(nanoseconds: 1) < Timestamp(nanoseconds: 2))
  }
}
