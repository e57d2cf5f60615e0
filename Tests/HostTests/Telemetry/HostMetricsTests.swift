import Glibc
import Host
import PluginABI
import Testing

struct HostMetricsTests {
  /// A host with two instances, on which everything has happened once.
  private func busyHost() -> HostMetrics {
    let host = HostMetrics(version: "0.1.0", revision: "abc")
    for name in ["echo/demo", "echo/other"] {
      let instance = host.instance(plugin: "echo", name: name)
      instance.received.add()
      instance.handling.observe(nanoseconds: 1_500_000)
      for reason in DiscardReason.allCases { instance.discarded(reason).add() }
      for stage in ErrorStage.allCases { instance.error("timeout", stage: stage) }
      for (kind, metric) in [(0, "seen_total"), (1, "depth"), (2, "wait_seconds")] {
        #expect(host.plugins.record(kind: Int32(kind), name: metric, value: 1, plugin: "echo", instance: name) == nil)
      }
    }
    host.routed["events"].add(4)
    host.routed["unheard-of"].add()
    host.journal.commit.observe(nanoseconds: 800_000)
    return host
  }

  @Test func `every family keeps the rules that promtool checks`() {
    let page = ExposedPage(busyHost().registry.expose().text)
    #expect(page.problems == [])
    #expect(page.families.count > 30)
    #expect(Set(page.families.map(\.name)).count == page.families.count, "a name is used once")
    for family in page.families {
      #expect(["counter", "gauge", "histogram"].contains(family.kind), "\(family.name)")
      #expect(family.help.hasSuffix("."), "\(family.name) has a help text")
      #expect((family.kind == "counter") == family.name.hasSuffix("_total"), "\(family.name)")
      #expect(["promethean", "process"].contains(family.name.prefix { $0 != "_" }), "\(family.name) has a prefix")
      for unit in ["milli", "micro", "nano", "kilo", "mega", "_ms", "percent"] {
        #expect(!family.name.contains(unit), "\(family.name) is in base units")
      }
      #expect(!family.name.contains(family.kind), "\(family.name) does not name its kind")
      #expect(
        Set(family.samples.map { "\($0.name) \($0.labels.sorted { $0.key < $1.key })" }).count == family.samples.count
      )
    }
  }

  @Test func `every family stands in the table for operators`() throws {
    let folder = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    let table = String(decoding: contents(of: "/\(folder)/docs/operations.md"), as: UTF8.self)
    let host = busyHost()
    let log = try Log(Log.Options(), metrics: host.registry)
    log.close()
    for family in ExposedPage(host.registry.expose().text).families where !family.name.hasPrefix(PluginMetrics.prefix) {
      #expect(table.contains("`\(family.name)`"))
    }
  }

  private func contents(of path: String) -> [UInt8] {
    guard let file = unsafe fopen(path, "r") else { return [] }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = unsafe fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return bytes
  }

  @Test func `a histogram's buckets ascend to its count`() throws {
    let page = ExposedPage(busyHost().registry.expose().text)
    for family in page.families where family.kind == "histogram" {
      for labels in Set(family.samples.map { $0.labels.filter { $0.key != "le" } }) {
        let samples = family.samples.filter { $0.labels.filter { $0.key != "le" } == labels }
        let buckets = samples.filter { $0.name.hasSuffix("_bucket") }.map(\.value)
        #expect(buckets == buckets.sorted())
        #expect(buckets.last == samples.first { $0.name.hasSuffix("_count") }?.value)
      }
    }
  }

  @Test func `an instance's counters are its own, and stay for its next generation`() {
    let host = busyHost()
    host.instance(plugin: "echo", name: "echo/demo").received.add(41)
    let page = ExposedPage(host.registry.expose().text)
    #expect(
      page.value("promethean_instance_received_envelopes_total", ["plugin": "echo", "instance": "echo/demo"]) == 42
    )
    #expect(
      page.value("promethean_instance_received_envelopes_total", ["plugin": "echo", "instance": "echo/other"]) == 1
    )
    #expect(page.value("promethean_routed_envelopes_total", ["area": "events"]) == 4)
    #expect(page.value("promethean_routed_envelopes_total", ["area": "other"]) == 1)
    #expect(page.value("promethean_build_info", ["version": "0.1.0", "revision": "abc"]) == 1)
  }

  @Test func `an instance that is removed leaves no series`() {
    let host = busyHost()
    host.remove(instance: "echo/demo")
    let samples = ExposedPage(host.registry.expose().text).families.flatMap(\.samples)
    #expect(!samples.contains { $0.labels["instance"] == "echo/demo" })
    #expect(samples.contains { $0.labels["instance"] == "echo/other" })
  }

  @Test func `the process is measured as it is now`() throws {
    let page = ExposedPage(busyHost().registry.expose().text)
    let resident = try #require(page.value("process_resident_memory_bytes"))
    #expect(resident > 1e6 && resident < 16e9)
    #expect(try #require(page.value("process_open_fds")) >= 3)
    #expect(try #require(page.value("process_threads")) >= 1)
    #expect(try #require(page.value("process_cpu_seconds_total")) > 0)
    #expect(try #require(page.value("process_start_time_seconds")) > 1_600_000_000)
  }

  @Test(arguments: [
    ("42 (a b) c) S 1 42 42 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 7 0 1234 8192 3 18446744073709551615", true),
    ("42 (short) S 1 42", false), ("", false), ("42 no parenthesis", false),
  ])
  func `a line of the kernel's is read whatever the process is called`(line: String, isGood: Bool) {
    let statistics = ProcessStatistics(stat: line)
    #expect((statistics != nil) == isGood)
    guard let statistics else { return }
    #expect(statistics.threads == 7)
    #expect(statistics.startTicks == 1234)
    #expect(statistics.virtualBytes == 8192)
    #expect(statistics.residentBytes % 3 == 0 && statistics.residentBytes > 0)
  }
}

struct PluginMetricsTests {
  private let registry = Metrics()
  private let plugins: PluginMetrics

  init() {
    plugins = PluginMetrics(registry)
  }

  private func record(_ kind: Int32, _ name: String, _ value: Double, plugin: String = "echo") -> String? {
    plugins.record(kind: kind, name: name, value: value, plugin: plugin, instance: "\(plugin)/1")?.description
  }

  @Test func `a plugin's metrics stand under the prefix, by plugin and instance`() {
    #expect(record(PROMETHEAN_METRIC_COUNTER, "seen_total", 2) == nil)
    #expect(record(PROMETHEAN_METRIC_COUNTER, "seen_total", 0.5) == nil)
    #expect(record(PROMETHEAN_METRIC_GAUGE, "depth", 9) == nil)
    #expect(record(PROMETHEAN_METRIC_GAUGE, "depth", 4) == nil)
    #expect(record(PROMETHEAN_METRIC_HISTOGRAM, "wait_seconds", 0.2) == nil)
    let page = ExposedPage(registry.expose().text)
    let labels = ["plugin": "echo", "instance": "echo/1"]
    #expect(page.value("promethean_plugin_seen_total", labels) == 2.5)
    #expect(page.value("promethean_plugin_depth", labels) == 4)
    #expect(page.value("promethean_plugin_wait_seconds_count", labels) == 1)
  }

  @Test(
    arguments: [
      (
        PROMETHEAN_METRIC_COUNTER, "seen", 1,
        "metric: expected a counter's name to end in _total, found \"promethean_plugin_seen\""
      ),
      (
        PROMETHEAN_METRIC_COUNTER, "x_total", -1,
        "metric x_total: expected a counter to grow by a finite number of at least 0, found -1.0"
      ),
      (
        PROMETHEAN_METRIC_COUNTER, "x_total", .infinity,
        "metric x_total: expected a counter to grow by a finite number of at least 0, found inf"
      ),
      (PROMETHEAN_METRIC_HISTOGRAM, "x_seconds", .nan, "metric x_seconds: expected a finite observation, found nan"),
      (7, "x", 1, "metric x: expected a kind of 0 to 2, found 7"),
      (
        PROMETHEAN_METRIC_GAUGE, "x} 1\nevil", 1,
        "metric: expected lower-case snake case ([a-z][a-z0-9_]*), found \"promethean_plugin_x} 1\nevil\""
      ),
    ] as [(Int32, String, Double, String)]
  )
  func `what cannot be recorded is refused, and told once`(kind: Int32, name: String, value: Double, why: String) {
    #expect(record(kind, name, value) == why)
    #expect(record(kind, name, value) == nil)
    #expect(registry.expose().bytes.isEmpty)
  }

  @Test func `a name means the same kind for everybody`() {
    #expect(record(PROMETHEAN_METRIC_GAUGE, "depth", 1) == nil)
    #expect(
      record(PROMETHEAN_METRIC_HISTOGRAM, "depth", 1, plugin: "other")
        == "metric depth: expected a gauge, as before, found a histogram"
    )
    #expect(record(PROMETHEAN_METRIC_GAUGE, "depth", 1, plugin: "other") == nil)
  }

  @Test func `a plugin has so many names and no more, however many it invents`() {
    for index in 0..<Int(PROMETHEAN_METRICS_MAX) { #expect(record(PROMETHEAN_METRIC_GAUGE, "m\(index)", 1) == nil) }
    #expect(
      record(PROMETHEAN_METRIC_GAUGE, "one_more", 1) == "metric one_more: expected at most 64 names of plugin echo"
    )
    let told = (0..<10_000).count { record(PROMETHEAN_METRIC_GAUGE, "invented\($0)", 1) != nil }
    #expect(told == Int(PROMETHEAN_METRICS_MAX) - 1, "refusals are told up to a bound, too")
    #expect(record(PROMETHEAN_METRIC_GAUGE, "m0", 5) == nil, "those it has go on")
    #expect(record(PROMETHEAN_METRIC_GAUGE, "one_more", 1, plugin: "other") == nil, "another plugin has its own")
    #expect(ExposedPage(registry.expose().text).families.count == Int(PROMETHEAN_METRICS_MAX) + 1)
  }

  // MARK: - Labels

  private func record(
    _ name: String,
    labels: String,
    kind: Int32 = PROMETHEAN_METRIC_COUNTER,
    plugin: String = "echo"
  ) -> String? {
    plugins.record(kind: kind, name: name, labels: labels, value: 1, plugin: plugin, instance: "\(plugin)/1")?
      .description
  }

  @Test func `labels tell the series of a name apart, in whatever order they are given`() {
    #expect(record("calls_total", labels: "route=GET /a\nstatus=200\n") == nil)
    #expect(record("calls_total", labels: "status=200\nroute=GET /a\n") == nil)
    #expect(record("calls_total", labels: "status=\nroute=a=b\"\\c\n") == nil)
    #expect(record("wait_seconds", labels: "route=GET /a", kind: PROMETHEAN_METRIC_HISTOGRAM) == nil)
    let text = registry.expose().text
    let own = "plugin=\"echo\",instance=\"echo/1\""
    #expect(text.contains("promethean_plugin_calls_total{\(own),route=\"GET /a\",status=\"200\"} 2\n"))
    #expect(text.contains("promethean_plugin_calls_total{\(own),route=\"a=b\\\"\\\\c\",status=\"\"} 1\n"))
    #expect(text.contains("promethean_plugin_wait_seconds_bucket{\(own),route=\"GET /a\",le=\"1\"} 1\n"))
    let page = ExposedPage(text)
    let labels = ["plugin": "echo", "instance": "echo/1", "route": "a=b\"\\c", "status": ""]
    #expect(page.value("promethean_plugin_calls_total", labels) == 1)
  }

  @Test(
    arguments: [
      ("route", "expected labels of the form name=value, found \"route\""),
      ("=x", "expected a label in lower-case snake case, found \"\""),
      ("Route=x", "expected a label in lower-case snake case, found \"Route\""),
      ("a} 1 b=x", "expected a label in lower-case snake case, found \"a} 1 b\""),
      ("plugin=other", "expected labels of its own, found plugin, which the host gives"),
      ("a=1\ninstance=other", "expected labels of its own, found instance, which the host gives"),
      ("a=1\na=2", "expected each label once, found a twice"),
      ("b=1\na=1\nb=1\n", "expected each label once, found b twice"),
      (
        String(repeating: "x", count: 64) + "=1",
        "expected labels of at most 63 bytes, found \"\(String(repeating: "x", count: 40))…\""
      ),
      (
        String(repeating: "x", count: 4096),
        "expected labels of the form name=value, found \"\(String(repeating: "x", count: 40))…\""
      ),
      ((0..<9).map { "l\($0)=1\n" }.joined(), "expected at most 8 labels, found 9"),
    ] as [(String, String)]
  )
  func `labels that cannot be are refused, and told once`(labels: String, why: String) {
    #expect(record("calls_total", labels: labels) == "metric calls_total: \(why)")
    #expect(record("calls_total", labels: labels) == nil)
    #expect(registry.expose().bytes.isEmpty)
  }

  @Test func `a histogram's own label is not to be had`() {
    #expect(
      record("wait_seconds", labels: "le=1", kind: PROMETHEAN_METRIC_HISTOGRAM)
        == "metric wait_seconds: expected a label other than le, which histograms use"
    )
    #expect(record("depth", labels: "le=1", kind: PROMETHEAN_METRIC_GAUGE) == nil)
  }

  @Test func `a name has the same labels for everybody`() {
    #expect(record("calls_total", labels: "route=a") == nil)
    #expect(
      record("calls_total", labels: "route=a\nstatus=1")
        == "metric calls_total: expected the labels route, as before, found route and status"
    )
    #expect(
      record(PROMETHEAN_METRIC_COUNTER, "calls_total", 1, plugin: "other")
        == "metric calls_total: expected the labels route, as before, found none"
    )
    #expect(record("calls_total", labels: "route=b", plugin: "third") == nil)
  }

  @Test func `what a plugin puts into a value stays within it`() {
    let hostile = "a\r\u{0}\u{1B}[2J\u{7F}\u{85}\"} 1 \\"
    #expect(record("calls_total", labels: "route=\(hostile)") == nil)
    #expect(record("calls_total", labels: "route=" + String(repeating: "ä", count: 1000)) == nil)
    let page = ExposedPage(registry.expose().text)
    let values = Set(page.families[0].samples.compactMap { $0.labels["route"] })
    let mark = "\u{FFFD}"
    #expect(
      values == ["a\(mark)\(mark)\(mark)[2J\(mark)\(mark)\"} 1 \\", String(repeating: "ä", count: 64) + "…"]
    )
  }

  @Test func `a plugin has so many series and no more, and the rest is one`() {
    let limit = Int(PROMETHEAN_SERIES_MAX)
    for index in 0..<limit { #expect(record("calls_total", labels: "route=\(index)") == nil) }
    #expect(
      record("calls_total", labels: "route=one more")
        == "metric calls_total: expected at most 1024 series with labels of plugin echo; more count under labels that say other"
    )
    for index in limit..<3 * limit { #expect(record("calls_total", labels: "route=\(index)") == nil) }
    #expect(record("calls_total", labels: "route=7") == nil, "those it has go on")
    #expect(record("calls_total", labels: "route=x", plugin: "other") == nil, "another plugin has its own")
    #expect(record(PROMETHEAN_METRIC_GAUGE, "depth", 1) == nil, "what has no labels is not counted")
    func value(_ route: String) -> Double? {
      let labels = ["plugin": "echo", "instance": "echo/1", "route": route]
      return ExposedPage(registry.expose().text).value("promethean_plugin_calls_total", labels)
    }
    #expect(value("other") == Double(2 * limit + 1))
    #expect(value("7") == 2)
    let page = ExposedPage(registry.expose().text)
    #expect(page.value("promethean_metric_overflow_total", ["plugin": "echo"]) == Double(2 * limit + 1))
    // An instance that has gone makes room.
    plugins.remove(instance: "echo/1")
    #expect(record("calls_total", labels: "route=late") == nil)
    #expect(value("late") == 1)
  }

  @Test func `a name as long as a frame is refused without being repeated`() throws {
    let why = try #require(record(PROMETHEAN_METRIC_GAUGE, String(repeating: "a", count: 65_536), 1))
    #expect(why.utf8.count < 300)
  }
}
