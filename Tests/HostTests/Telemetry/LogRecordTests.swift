import Envelope
import Testing

@testable import Host

struct LogRecordTests {
  private func record(_ message: String, _ fields: JSONObject = [:]) -> LogRecord {
    LogRecord(ts: Timestamp(nanoseconds: 0), level: .info, message: message, fields: fields)
  }

  private func text(_ record: LogRecord) -> String { String(decoding: record.line, as: UTF8.self) }

  @Test func `a line has a place for what every record tells`() {
    #expect(
      text(record("hello"))
        == #"{"ts":"1970-01-01T00:00:00Z","level":"info","message":"hello","trace":null,"corr":null,"intent":null,"latency_ms":null,"outcome":null}"#
    )
    let full = LogRecord(
      ts: Timestamp(nanoseconds: 1_500_000_000),
      level: .warn,
      plugin: "echo",
      instance: "echo/demo",
      tenant: "echo/demo",
      message: "refused",
      fields: [
        "topic": "a.b", "outcome": "denied", "trace": "00-ab", "latency_ms": 12, "corr": "c1", "intent": "send",
      ],
      isAudit: true
    )
    #expect(
      text(full)
        == #"{"ts":"1970-01-01T00:00:01.500Z","level":"warn","audit":true,"plugin":"echo","instance":"echo/demo","tenant":"echo/demo","message":"refused","trace":"00-ab","corr":"c1","intent":"send","latency_ms":12,"outcome":"denied","fields":{"topic":"a.b"}}"#
    )
  }

  @Test(arguments: [
    "line one\nline two", "\r\u{1b}[31mred\u{1b}[0m\u{7}", "\u{9b}31m", "\u{7f}\u{85}", "a\u{2028}b\u{2029}c",
    "\u{202e}txt.exe\u{2066}", "\u{0}", "{\"ts\":\"forged\"}", "é 漢字 🦆 stays",
  ])
  func `a message cannot leave its line nor give orders to a terminal`(message: String) throws {
    for line in [text(record(message)), record(message).shortLine] {
      let dangerous = line.unicodeScalars.filter { scalar in
        scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
          || [0x2028, 0x2029, 0x202E, 0x2066].contains(scalar.value)
      }
      #expect(dangerous.isEmpty)
    }
    #expect(
      try JSON.parse(text(record(message)))["message"]?.stringValue == message,
      "and what it said can be read again"
    )
  }

  @Test func `a terminal shows the time, the level, who, what, and the fields`() {
    var record = record("two\nlines", ["outcome": "ok", "n": 3, "who": "\u{1b}x"])
    #expect(record.shortLine == #"00:00:00 INFO  host: two\nlines outcome=ok n=3 who=\u{1b}x"#)
    record.level = .error
    record.instance = "echo/demo"
    #expect(record.shortLine.hasPrefix("00:00:00 ERROR echo/demo: two"))
  }

  @Test(
    arguments: [
      ([0x61, 0xFF, 0x62], #"a\xffb"#), ([0xC3], #"\xc3"#), ([0xED, 0xA0, 0x80], #"\xed\xa0\x80"#),
      ([0xF0, 0x9F, 0xA6, 0x86, 0x80], "🦆\\x80"), ([0xC0, 0xAF], #"\xc0\xaf"#), ([], ""),
    ] as [([UInt8], String)]
  )
  func `bytes that are no text are shown as what they are`(bytes: [UInt8], message: String) {
    let record = LogRecord(severity: 9, message: bytes, fields: [], plugin: "p", instance: "i", tenant: nil)
    #expect(record.message == message)
  }

  @Test(
    arguments: [
      (#"{"a":1}"#, ["a": 1]), (#"{"a":1"#, ["raw": #"{"a":1"#]), ("[1]", ["raw": "[1]"]),
      (#"{"a":1,"a":2}"#, ["raw": #"{"a":1,"a":2}"#]), ("", [:]),
    ] as [(String, JSONObject)]
  )
  func `fields that are no object are kept as text`(bytes: String, fields: JSONObject) {
    let record = LogRecord(severity: 9, message: [], fields: Array(bytes.utf8), plugin: "p", instance: "i", tenant: nil)
    #expect(record.fields == fields)
  }

  @Test(arguments: [
    (Int32.min, LogLevel.debug), (0, .debug), (5, .debug), (8, .debug), (9, .info), (12, .info), (13, .warn),
    (17, .error),
    (Int32.max, .error),
  ])
  func `any severity is a level`(severity: Int32, level: LogLevel) {
    #expect(LogLevel(severity: severity) == level)
    #expect(LogLevel(name: level.description) == level)
  }

  @Test(arguments: [("x", 100_000), ("\u{1}", 20_000), ("漢", 9999), ("\u{202e}", 10_000)])
  func `a line is bounded, whatever is in it`(unit: String, count: Int) throws {
    let long = String(repeating: unit, count: count)
    var record = LogRecord(level: .info, plugin: long, instance: long, tenant: long, message: long)
    for name in LogRecord.commonFields + ["more"] { record.fields[name] = .string(long) }
    record.fields["trace"] = ["nested": .string(long)]
    #expect(record.line.count <= LogRecord.lineMax)
    let json = try JSON.parse(record.line)
    #expect(json["fields"]?["truncated"] == true)
    #expect(json["message"]?.stringValue?.hasSuffix(" bytes more)") == true)
  }

  @Test func `a long message keeps as much as fits, and says what is gone`() throws {
    let line = record(String(repeating: "y", count: 20_000), ["outcome": "ok", "big": "z"]).line
    let json = try JSON.parse(line)
    #expect(json["message"]?.stringValue == String(repeating: "y", count: 8192) + "… (11808 bytes more)")
    #expect(json["outcome"] == "ok")
  }
}

struct PluginOutputTests {
  @Test func `lines come whole, however they are cut`() {
    var output = PluginOutput(plugin: "echo", instance: "echo/demo", tenant: nil, cap: .lines(perSecond: 50))
    #expect(output.receive(Array("one\ntw".utf8), at: 0).map(\.message) == ["one"])
    #expect(output.receive(Array("o\n\nthree".utf8), at: 0).map(\.message) == ["two", ""])
    let last = output.finish(at: 0)
    #expect(last?.message == "three")
    #expect(last?.instance == "echo/demo")
    #expect(last?.fields == ["stream": "stderr"])
    #expect(output.finish(at: 0) == nil)
  }

  @Test func `a line without an end takes no more memory than a line`() {
    var output = PluginOutput(plugin: "p", instance: "i", tenant: nil, cap: .lines(perSecond: 50))
    for _ in 0..<100 { #expect(output.receive(repeatElement(0x78, count: 10_000), at: 0).isEmpty) }
    let record = output.receive([0x0A], at: 0).first
    #expect(record?.message == String(repeating: "x", count: PluginOutput.lineMax) + "… (995904 bytes more)")
  }

  @Test func `lines over the rate are counted, and the next one tells`() {
    var output = PluginOutput(plugin: "p", instance: "i", tenant: nil, cap: RateCap(perSecond: 1, burst: 3))
    var suppressed = 0
    let loop = Array(repeatElement("again\n", count: 10).joined().utf8)
    #expect(output.receive(loop, at: 0) { suppressed += $0 }.count == 3)
    #expect(suppressed == 7)
    let next = output.receive(Array("later\n".utf8), at: 1_000_000_000)
    #expect(next.map(\.message) == ["later"])
    #expect(next.first?.fields["suppressed"] == 7)
  }

  @Test func `one that writes more than may be logged is read once in a tick, and others eight times`() {
    func pieces(of line: String, times: Int) -> Int {
      var output = PluginOutput(plugin: "p", instance: "i", tenant: nil, cap: RateCap(perSecond: 1, burst: 3))
      let piece = Array(repeatElement(line, count: times).joined().utf8)
      func tick() -> Int {
        var count = 0
        while !output.isHeldBack, count < 100 {
          _ = output.receive(piece, at: 0)
          count += 1
        }
        output.tick()
        return count
      }
      let first = tick()
      #expect(tick() == first)
      return first
    }
    #expect(pieces(of: "again\n", times: 4) == 1)
    #expect(pieces(of: "a line without an end ", times: 4) == 8)
  }

  @Test func `a bucket fills again at its rate, up to its size, and not when time stands still or runs back`() {
    var cap = RateCap(perSecond: 2, burst: 2)
    #expect(cap.decide(at: 1000) == .admit(suppressed: 0))
    #expect(cap.decide(at: 0) == .admit(suppressed: 0))
    #expect(cap.decide(at: 0) == .suppress)
    #expect(cap.decide(at: 499_000_000) == .suppress)
    #expect(cap.decide(at: 501_000_000) == .admit(suppressed: 2))
    #expect(cap.decide(at: 60_000_000_000) == .admit(suppressed: 0))
    #expect(cap.decide(at: 60_000_000_000) == .admit(suppressed: 0))
    #expect(cap.decide(at: 60_000_000_000) == .suppress)
  }
}
