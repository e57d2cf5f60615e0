import Envelope
import Host
import Testing

@testable import CLI

struct PageTests {
  private static let report: JSON = [
    "degraded": ["the journal is 3 s behind"],
    "journal": ["dead_letters": 2],
    "instances": [
      [
        "name": "echo/echo/demo", "state": "RUNNING", "level": "full", "pid": 4711, "uptime_ms": 125_000, "restarts": 0,
        "lag": 0, "dropped": 0, "error": nil, "level_reason": nil, "retry_ms": nil,
      ],
      [
        "name": "indexer/0", "state": "DEGRADED", "level": "landlock", "level_reason": "no user namespaces",
        "pid": 4712,
        "uptime_ms": 900, "restarts": 12, "lag": 1739, "dropped": 4, "error": nil, "retry_ms": nil,
      ],
      [
        "name": "storage", "state": "QUARANTINED", "level": nil, "level_reason": nil, "pid": nil, "uptime_ms": nil,
        "restarts": 5, "lag": 3, "dropped": 0, "error": "exited with 70: \u{1B}[2Jno disk", "retry_ms": 61_000,
      ],
    ],
  ]

  @Test func `the status page has a table and the problems`() {
    #expect(
      StatusPage(Self.report).lines(style: .plain, width: nil) == [
        "NAME            STATE        LEVEL      PID  UPTIME  RESTARTS   LAG",
        "echo/echo/demo  RUNNING      full      4711  2m 05s         0     0",
        "indexer/0       DEGRADED     landlock  4712   900ms        12  1739",
        "storage         QUARANTINED  -            -       -         5     3",
        "",
        "the journal is 3 s behind",
        "2 dead letters (promethean dlq list shows them)",
        "indexer/0: 4 envelopes of ephemeral topics were dropped because it was too slow",
        "indexer/0: sandbox level landlock: no user namespaces",
        "storage: exited with 70: \u{FFFD}[2Jno disk, next try in 1m 01s",
      ]
    )
  }

  @Test func `below the status stands what lies in plugins.d and does not run`() {
    let files: JSON = [
      [
        "file": "libWeather.so", "state": "discovered", "plugin": nil, "id": "weather", "version": "0.1.0",
        "kind": "access", "provider": "weather", "requests": ["publish promethean.p.weather.t.*.events.>", "clock"],
        "signature": ["state": "signed", "key": "RWT9", "comment": "mine"],
      ],
      [
        "file": "a.so", "state": "discovered", "plugin": nil, "id": "a", "version": "0.1.0", "kind": "worker",
        "provider": nil, "requests": [], "signature": ["state": "unsigned"],
      ],
      [
        "file": "b.so", "state": "discovered", "plugin": nil, "id": "b", "version": "0.1.0", "kind": "worker",
        "provider": nil, "requests": [], "signature": ["state": "bad", "reason": "b.so.minisig was altered"],
      ],
      ["file": "libEcho.so", "state": "changed", "plugin": "echo"],
      [
        "file": "libFetch.so", "state": "changed", "plugin": "fetch",
        "signature": ["state": "bad", "reason": "libFetch.so.minisig is not a minisign signature"],
      ],
      ["file": "\u{1B}[2Jhalf.so", "state": "broken", "plugin": nil, "reason": "is being written"],
    ]
    #expect(
      StatusPage(["instances": [], "drop_ins": ["count": 8, "files": files]]).lines(style: .plain, width: 80) == [
        "no instance is configured",
        "",
        "IN plugins.d",
        "libWeather.so  discovered: weather 0.1.0, access of weather, signed with RWT9",
        "    requests publish promethean.p.weather.t.*.events.>",
        "    requests clock",
        "a.so  discovered: a 0.1.0, worker, not signed",
        "b.so  discovered: b 0.1.0, worker, not signed by anybody trusted: b.so.minisig was altered",
        "libEcho.so  changed: echo runs another one; promethean plan says what this would change",
        "libFetch.so  changed: fetch runs another one; promethean plan says what this would change; "
          + "nobody trusted has signed it: libFetch.so.minisig is not a minisign signature",
        "\u{FFFD}[2Jhalf.so  broken: is being written",
        "and 2 files more",
      ]
    )
  }

  @Test func `a host without instances says so`() {
    #expect(StatusPage(["instances": []]).lines(style: .plain, width: 80) == ["no instance is configured"])
  }

  @Test func `an envelope is one line`() throws {
    var envelope = Envelope(
      topic: "promethean.p.echo.t.demo.events.SocialMessageCreated",
      intent: "SocialMessageCreated"
    )
    envelope.id = "1"
    envelope.src = "echo"
    (envelope.provider, envelope.tenant) = ("echo", "demo")
    envelope.key = "urn:echo:space:demo:lobby"
    envelope.trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    envelope.ts = try Timestamp("2026-11-21T10:11:12.345Z").nanoseconds
    #expect(
      EventLine(envelope.cloudEvent).text(style: .plain)
        == "10:11:12.345  promethean.p.echo.t.demo.events.SocialMessageCreated  SocialMessageCreated  echo"
        + "  urn:echo:space:demo:lobby  0af7651916cd43dd8448eb211c80319c"
    )
  }

  @Test func `what an envelope lacks leaves no gap`() {
    let event: JSON = ["topic": "t", "type": "promethean.health.beat", "source": "elsewhere", "traceparent": "x"]
    #expect(EventLine(event).text(style: .plain) == "t  beat  elsewhere")
    let failed: JSON = ["topic": "t", "kind": "error"]
    #expect(EventLine(failed).text(style: Style(isColored: true)) == "\u{1B}[31mt\u{1B}[0m")
  }

  @Test func `a log record is one line with its other fields behind`() throws {
    let record = LogRecord(
      ts: try Timestamp("2026-11-21T10:11:12.345Z"),
      level: .warn,
      plugin: "indexer",
      instance: "indexer/0",
      message: "slow\nstorage",
      fields: ["latency_ms": 1200, "outcome": "it took long", "page": 3, "note": ""]
    )
    #expect(
      LogLine(record.json).text(style: .plain)
        == "2026-11-21 10:11:12  WARN   indexer/0  slow storage  latency_ms=1200  outcome=\"it took long\"  page=3  note=\"\""
    )
  }
}

struct WelcomePageTests {
  private static let status: JSON = [
    "http": "127.0.0.1:8650",
    "instances": [
      [
        "name": "storage", "state": "RUNNING", "level": "full", "pid": 1, "uptime_ms": 1, "restarts": 0, "lag": 0,
        "tenant": "*/*",
      ],
      [
        "name": "echo", "state": "RUNNING", "level": "full", "pid": 2, "uptime_ms": 1, "restarts": 0, "lag": 0,
        "tenant": "echo/demo",
      ],
    ],
  ]

  @Test func `the welcome says what to type next`() {
    let lines = WelcomePage(status: Self.status, deployment: nil).lines(style: .plain, width: nil)
    #expect(
      lines.suffix(8) == [
        "",
        "In another terminal:",
        "  promethean send --provider echo --tenant demo --text \"hello\"",
        "  promethean tap 'promethean.p.echo.t.demo.>'",
        "  promethean query --provider echo --tenant demo messages",
        "",
        "metrics and health: http://127.0.0.1:8650/metrics /healthz /readyz",
        "Ctrl-C here, or promethean down, stops everything.",
      ]
    )
  }

  @Test func `a deployment that was named is named again, and no echo means no example of it`() {
    let lines = WelcomePage(status: ["instances": []], deployment: "my dir/it's").lines(style: .plain, width: nil)
    #expect(lines.contains(#"  promethean --deployment 'my dir/it'\''s' status"#))
    #expect(!lines.contains { $0.contains("send") })
  }
}
