import Testing

@testable import Host

@Suite struct PolicyResourceTests {
  @Test(
    arguments: [
      (.secretsRead, "*", "bot_*", true), (.secretsRead, "bot_*", "*", false),
      (.secretsRead, "bot_*", "bot_token", true),
      (.secretsRead, "a*b", "a*c*b", true), (.secretsRead, "a*c*b", "a*b", false), (.secretsRead, "*a*", "*a", true),
      (.netDial, "*:*", "a.example:1", true), (.netDial, "a.example:1", "*:1", false),
      (.netDial, "*.b:1", "*.a.b:1", true),
      (.netDial, "*.a.b:1", "*.b:1", false), (.netDial, "a:1", "udp://a:1", false),
      (.netDial, "[::1]:1", "[::1]:1", true),
      (.httpFetch, "* https://a/*", "GET https://a/b", true), (.httpFetch, "GET https://a/*", "* https://a/b", false),
      (.httpFetch, "https://a:*/*", "https://a:81/", true), (.httpFetch, "https://a/*", "https://a:*/", false),
      (.httpFetch, "https://*.a/*", "https://x.a/b*", true), (.httpFetch, "https://a/b*", "https://a/*", false),
      (.fsWrite, "/srv", "/srv/a", true), (.fsWrite, "/srv/a", "/srv", false), (.fsWrite, "/srv", "/srvx", false),
      (.fsWrite, "data/\u{E9}", "data/e\u{301}", false), (.fsWrite, "/srv/", "/srv", true),
      (.fsWrite, "data", "/data", false),
      (.subscribe, "promethean.p.*.t.*.>", "promethean.p.echo.t.*.events.X", true),
      (.subscribe, "promethean.p.echo.t.*.events.X", "promethean.p.*.t.*.>", false),
    ] as [(Capability, String, String, Bool)]
  )
  func `a wider resource covers a narrower`(capability: Capability, wide: String, narrow: String, covers: Bool) throws {
    #expect(try Resource(wide, of: capability).covers(Resource(narrow, of: capability)) == covers)
  }

  @Test(
    arguments: [
      (.netDial, "host", "\"host\" names no port; expected host:port"),
      (.netDial, "host:0", "\"0\" is no port; expected 1 to 65535 or *"),
      (.netDial, "host:65536", "\"65536\" is no port; expected 1 to 65535 or *"),
      (.netDial, "host:+1", "\"+1\" is no port; expected 1 to 65535 or *"),
      (.netDial, "http://host:1", "\"http://host:1\" begins with neither tcp:// nor udp://"),
      (.netDial, "a*b:1", "\"a*b\" is no host; expected a name, *.domain, an address, or *"),
      (.netDial, "-a:1", "\"-a\" is no host; expected a name, *.domain, an address, or *"),
      (.netDial, "a..b:1", "\"a..b\" is no host; expected a name, *.domain, an address, or *"),
      (.netDial, "::1:1", "\"::1\" is no host; expected a name, *.domain, an address, or *"),
      (.httpFetch, "FETCH https://a/", "\"FETCH\" is no method; expected GET, HEAD, POST, PUT, PATCH, DELETE or *"),
      (.httpFetch, "ftp://a/", "\"ftp://a/\" begins with neither https:// nor http://"),
      (.httpFetch, "https://a:x/", "\"a:x\" has no port that is one"),
      (.httpFetch, "https://a*.example/", "\"a*.example\" is no host; expected a name, *.domain, an address, or *"),
      (.httpFetch, "https://u:p@a/", "\"u:p@a\" has no port that is one"),
      (.netDial, "\u{212A}:1", "\"\u{212A}\" is no host; expected ASCII"),
      (.httpFetch, "https://a/b/../\u{301}c", "\"https://a/b/../\u{301}c\" has a . or .. in its path"),
      (
        .httpFetch, "https://a/b\\..\\c",
        "\"https://a/b\\\\..\\\\c\" has a control character or a \\, which clients read as they like"
      ),
      (.fsRead, "a/../\u{301}b", "\"a/../\u{301}b\" is no plain path; expected no empty, . or .. parts"),
      (.httpFetch, "https://a/*#b", "\"https://a/*#b\" has a fragment, which no server is sent"),
      (.httpFetch, "https://a:+1/", "\"a:+1\" has no port that is one"),
      (.fsRead, "", "\"\" is no plain path; expected no empty, . or .. parts"),
      (.fsWrite, "a/..\0", "\"a/..\\0\" is no plain path; expected no control characters"),
      (.fsRead, "/a//b", "\"/a//b\" is no plain path; expected no empty, . or .. parts"),
      (.fsRead, "./a", "\"./a\" is no plain path; expected no empty, . or .. parts"),
      (.socialPost, "https://a", "\"https://a\" is no pattern of URNs; expected urn:…"),
      (.publish, "promethean.sys.log.x", "topic \"promethean.sys.log.x\": only the host publishes there"),
    ] as [(Capability, String, String)]
  )
  func `a resource that is none says why`(capability: Capability, text: String, message: String) {
    let error = #expect(throws: ResourceError.self) { try Resource(text, of: capability) }
    #expect(error?.description == message)
  }

  @Test func `a group of topics may be covered by several`() throws {
    let group = try Resource("promethean.p.*.t.*.events.(A|B)", of: .subscribe)
    #expect(group.parts.map(\.description) == ["promethean.p.*.t.*.events.A", "promethean.p.*.t.*.events.B"])
  }

  @Test(
    arguments: [
      ("5s", Duration.seconds(5)), ("250ms", .milliseconds(250)), ("24h", .seconds(86400)), ("7d", .seconds(604_800)),
      ("10m", .seconds(600)), ("5", nil), ("s", nil), ("-5s", nil), ("1.5s", nil), ("5 s", nil), ("5S", nil),
      ("9999999999999s", nil),
    ] as [(String, Duration?)]
  )
  func `a duration is a number and a unit`(text: String, duration: Duration?) {
    #expect(Duration(manifest: text) == duration)
    if let duration { #expect(Duration(manifest: duration.manifestText) == duration) }
  }

  @Test(
    arguments: [
      ("64MiB", 64 << 20), ("1GiB", 1 << 30), ("16KiB", 16 << 10), ("4096", 4096), ("64MB", nil), ("MiB", nil),
      ("-1", nil),
      ("9999999999", nil),
    ] as [(String, Int?)]
  )
  func `a number of bytes is a number and a unit, or none`(text: String, bytes: Int?) {
    #expect(ByteCount.parse(text) == bytes)
    if let bytes { #expect(ByteCount.parse(ByteCount.text(bytes)) == bytes) }
  }

  @Test(arguments: [
    ("replica", "replicas", 1), ("replicsa", "replicas", 1), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3),
    ("same", "same", 0),
  ])
  func `edit distance counts slips of the keyboard`(from: String, to: String, distance: Int) {
    #expect(from.editDistance(to: to) == distance)
    #expect(to.editDistance(to: from) == distance)
  }
}
