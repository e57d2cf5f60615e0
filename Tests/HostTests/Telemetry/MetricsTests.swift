import Host
import Testing

struct MetricsTests {
  @Test func `the page is the text format to the letter`() {
    let metrics = Metrics()
    let requests = metrics.counter(
      "promethean_requests_total",
      help: "Requests: \"all\" of C:\\ and\nmore.",
      labels: ["who"]
    )
    requests.with("b").add(3)
    requests.with("quote \" backslash \\ line\nend").add()
    metrics.gauge("promethean_temperature_celsius", help: "Heat.").with().set(-0.5)
    let histogram = metrics.histogram("promethean_wait_seconds", help: "Wait.", labels: ["who"], bounds: [0.01, 1])
    for value in [0.01, 0.011, 0.5, 7] { histogram.with("b").observe(value) }
    metrics.fractionalCounter("promethean_spent_seconds_total", help: "Time.").with().add(1.25)

    #expect(
      metrics.expose().text == #"""
        # HELP promethean_requests_total Requests: "all" of C:\\ and\nmore.
        # TYPE promethean_requests_total counter
        promethean_requests_total{who="b"} 3
        promethean_requests_total{who="quote \" backslash \\ line\nend"} 1
        # HELP promethean_temperature_celsius Heat.
        # TYPE promethean_temperature_celsius gauge
        promethean_temperature_celsius -0.5
        # HELP promethean_wait_seconds Wait.
        # TYPE promethean_wait_seconds histogram
        promethean_wait_seconds_bucket{who="b",le="0.01"} 1
        promethean_wait_seconds_bucket{who="b",le="1"} 3
        promethean_wait_seconds_bucket{who="b",le="+Inf"} 4
        promethean_wait_seconds_sum{who="b"} 7.521
        promethean_wait_seconds_count{who="b"} 4
        # HELP promethean_spent_seconds_total Time.
        # TYPE promethean_spent_seconds_total counter
        promethean_spent_seconds_total 1.25

        """#
    )
  }

  @Test(
    arguments: [
      (0, "0"), (1e15, "1000000000000000"), (0.1, "0.1"), (1e-7, "1e-07"), (1e300, "1e+300"), (-3, "-3"),
      (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
    ] as [(Double, String)]
  )
  func `a gauge is written as Prometheus reads it`(value: Double, text: String) {
    let metrics = Metrics()
    metrics.gauge("promethean_x", help: "X.").with().set(value)
    #expect(metrics.expose().text.hasSuffix("\npromethean_x \(text)\n"))
  }

  @Test func `a family that has no series is not on the page`() {
    let metrics = Metrics()
    _ = metrics.counter("promethean_x_total", help: "X.", labels: ["who"])
    #expect(metrics.expose().bytes.isEmpty)
  }

  @Test func `the same label values are the same cell, and removed ones begin anew`() {
    let metrics = Metrics()
    let family = metrics.counter("promethean_x_total", help: "X.", labels: ["plugin", "instance"])
    family.with("echo", "one").add(2)
    family.with("echo", "two").add(5)
    #expect(family.with("echo", "one").value == 2)
    metrics.removeAll(where: "instance", is: "one")
    #expect(family.with("echo", "one").value == 0)
    #expect(family.with("echo", "two").value == 5)
    metrics.removeAll(where: "no_such_label", is: "two")
    #expect(family.with("echo", "two").value == 5)
  }

  @Test func `a collector sets its gauges before each page`() {
    let metrics = Metrics()
    let gauge = metrics.gauge("promethean_x", help: "X.").with()
    metrics.collect { gauge.add(1) }
    _ = metrics.expose()
    #expect(metrics.expose().text.hasSuffix("\npromethean_x 2\n"))
  }

  @Test(
    arguments: [
      ("promethean_x_total", MetricKind.counter, nil),
      ("promethean_x_seconds", .gauge, nil),
      ("promethean_build_info", .gauge, nil),
      ("promethean_x", .counter, "expected a counter's name to end in _total, found \"promethean_x\""),
      ("promethean_x_total", .gauge, "expected only a counter's name to end in _total, found \"promethean_x_total\""),
      ("promethean_x_info", .histogram, "expected only a gauge's name to end in _info, found \"promethean_x_info\""),
      ("Promethean_x", .gauge, "expected lower-case snake case ([a-z][a-z0-9_]*), found \"Promethean_x\""),
      ("", .gauge, "expected lower-case snake case ([a-z][a-z0-9_]*), found \"\""),
      ("promethean-x", .gauge, "expected lower-case snake case ([a-z][a-z0-9_]*), found \"promethean-x\""),
      ("x\n", .gauge, "expected lower-case snake case ([a-z][a-z0-9_]*), found \"x\n\""),
      ("x__y", .gauge, "expected single underscores between words, found \"x__y\""),
      ("x_", .gauge, "expected single underscores between words, found \"x_\""),
      ("x_count", .gauge, "expected a name that does not end in _count, which histograms use, found \"x_count\""),
      ("x_milliseconds", .histogram, "expected the base unit seconds, found milliseconds in \"x_milliseconds\""),
      (String(repeating: "x", count: 121), .gauge, "expected at most 120 bytes, found 121"),
    ] as [(String, MetricKind, String?)]
  )
  func `a name that breaks the rules is refused and told why`(name: String, kind: MetricKind, problem: String?) {
    #expect(MetricName.problem(with: name, kind: kind) == problem)
  }

  @Test func `counting from many threads while pages are written loses nothing and never contradicts itself`() async {
    let metrics = Metrics()
    let counter = metrics.counter("promethean_x_total", help: "X.").with()
    let gauge = metrics.gauge("promethean_y", help: "Y.").with()
    let histogram = metrics.histogram("promethean_z_seconds", help: "Z.", bounds: [0.5]).with()
    let (threads, rounds) = (8, 5000)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<threads {
        group.addTask { @concurrent in
          for round in 0..<rounds {
            counter.add()
            gauge.add(1)
            histogram.observe(round % 2 == 0 ? 0.25 : 1)
          }
        }
      }
      group.addTask { @concurrent in
        for _ in 0..<200 {
          let page = ExposedPage(metrics.expose().text)
          let infinite = page.value("promethean_z_seconds_bucket", ["le": "+Inf"])
          #expect(infinite == page.value("promethean_z_seconds_count"))
        }
      }
    }
    let total = threads * rounds
    #expect(counter.value == UInt64(total))
    #expect(gauge.value == Double(total))
    #expect(histogram.count == UInt64(total))
    let page = ExposedPage(metrics.expose().text)
    #expect(page.value("promethean_z_seconds_bucket", ["le": "0.5"]) == Double(total / 2))
    #expect(page.value("promethean_z_seconds_sum") == Double(total) * 0.625)
  }
}
