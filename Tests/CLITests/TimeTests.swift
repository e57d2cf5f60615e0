import Envelope
import Testing

@testable import CLI

struct TimeTests {
  @Test(arguments: [
    ("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("2h", 7_200_000), ("3d", 259_200_000), ("1w", 604_800_000),
    ("1h30m", 5_400_000), ("1d2h3m4s5ms", 93_784_005), ("0s", 0),
  ]) func `a duration is numbers with units`(text: String, milliseconds: Int64) {
    #expect(Duration(commandLine: text)?.milliseconds == milliseconds)
  }

  @Test(arguments: [
    "", "5", "s", "5 s", "-5s", "5x", "30m1h", "1h1h", "1.5h", "99999999999999999999s", "99999999w", "٣s",
  ])
  func `anything else is no duration`(text: String) {
    #expect(Duration(commandLine: text) == nil)
  }

  @Test(arguments: [
    (0, "0ms"), (999, "999ms"), (1000, "1s"), (59_999, "59s"), (65_000, "1m 05s"), (3_660_000, "1h 01m"),
    (90_000_000, "1d 01h"),
  ]) func `a duration is shown by its two largest units`(milliseconds: Int64, text: String) {
    #expect(Duration.milliseconds(milliseconds).summary == text)
  }

  @Test(arguments: [
    ("2h", "2026-11-21T10:00:00Z"), ("3d", "2026-11-18T12:00:00Z"), ("2026-11-20", "2026-11-20T00:00:00Z"),
    ("2026-11-20T10:30:00.5+02:00", "2026-11-20T08:30:00.500Z"),
  ]) func `a time is a moment, a date or how long ago`(text: String, moment: String) throws {
    let now = try Timestamp("2026-11-21T12:00:00Z")
    #expect(Timestamp(commandLine: text, now: now)?.description == moment)
  }

  @Test(arguments: ["", "today", "2026-02-30", "2026-1-1", "10:00", "1763726400"])
  func `anything else is no time`(text: String) {
    #expect(Timestamp(commandLine: text) == nil)
  }

  @Test(arguments: [
    ("2026-11-21T10:00:00Z", "10:00:00.000"), ("2026-11-21T10:00:00.1239Z", "10:00:00.123"),
    ("1969-12-31T23:59:59.9999Z", "23:59:59.999"),
  ]) func `the time of day has milliseconds`(text: String, time: String) throws {
    #expect(try Timestamp(text).timeOfDay == time)
    #expect(try Timestamp(text).short == text.prefix(19).split(separator: "T").joined(separator: " "))
  }
}
