internal import Envelope
internal import Glibc
internal import Host

/// How many events of a gateway are normalised and recorded in a second, next to how many discord.py only takes in: both
/// are sent the same compressed frames.
///
/// The server is the one of the tests, which sends a file of frames made before as fast as its client reads. Ours are
/// taken in by the plugin in its sandbox, and admitted and recorded by the host. Both have their turns one after the
/// other, since a machine is not as fast at one moment as at the next, and what counts is the middle of what each of ours
/// is of discord.py's just before.
enum Intake {
  /// Messages of about 0.9 kB each in a turn; `PROMETHEAN_INTAKE` in the environment is another number of them.
  private static let count = 100_000
  /// Those that discord.py is given.
  private static let peerCount = 25_000
  private static let turns = 9
  /// How the frames are compressed: zstd is what both ask for by themselves, zlib what they can do without.
  private static let compressions = ["zstd", "zlib"]
  /// How often the host is asked how many it has recorded, in microseconds: often enough for a hundredth of the time.
  private static let interval: UInt32 = 20_000
  private static let packages = ["discord.py==2.7.1", "zstandard==0.25.0"]
  /// What our rate is at least of discord.py's.
  private static let budget = 5

  static func measure(in directory: WorkDirectory, into report: inout Report) throws {
    guard let server = try DiscordServer(in: directory) else { return }
    let wanted = unsafe getenv("PROMETHEAN_INTAKE").flatMap { unsafe Int(String(cString: $0)) } ?? count
    for compression in compressions {
      let frames = Frames(path: "\(directory.path)/frames.\(compression)", compression: compression)
      try server.run("frames.py", [frames.path, "\(wanted)", compression])
      let turns = try (0..<turns).map { turn in
        Turn(
          peer: try peerFigures(server, frames, min(peerCount, wanted)),
          own: try ours(server, frames, wanted, in: directory, named: "\(compression)\(turn)")
        )
      }
      add(turns, count: wanted, as: "intake.\(compression)", to: &report)
    }
  }

  /// What is sent to both.
  private struct Frames {
    let path: String
    let compression: String
  }

  /// A turn of each, one after the other.
  private struct Turn {
    let peer: Figures?
    let own: Figures
  }

  /// What taking events in came to.
  private struct Figures {
    /// Events a second.
    let rate: Double
    /// Microseconds of CPU for an event.
    let cpu: Double
    /// Bytes of memory in the end, and after a quarter of the events.
    var resident = 0.0
    var quarter = 0.0
  }

  private static func add(_ turns: [Turn], count: Int, as name: String, to report: inout Report) {
    func add(_ row: String, _ figure: KeyPath<Figures, Double>, _ unit: String, _ note: String) {
      let value = middle(turns.map { $0.own[keyPath: figure] }) ?? 0
      let ratio = middle(turns.compactMap { turn in turn.peer.map { turn.own[keyPath: figure] / $0[keyPath: figure] } })
      report.add(
        .init(name: "\(name).\(row)", value: value, unit: unit, baseline: ratio.map { value / $0 }, note: note)
      )
    }
    let note = "recorded, \(count) a turn; baseline: discord.py takes them in; budget \(budget)"
    add("events", \.rate, "events/s", note)
    add("cpu", \.cpu, "µs/event", "plugin and host; baseline: discord.py's")
    let last = turns.last.map { ($0.own.resident / Double(1 << 20), $0.own.quarter / Double(1 << 20)) } ?? (0, 0)
    let memory = "the plugin in the end; baseline: after a quarter of the events; budget 1.05"
    report.add(.init(name: "\(name).rss", value: last.0, unit: "MiB", baseline: last.1, note: memory))
  }

  private static func middle(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
  }

  // MARK: - discord.py

  private static func peerFigures(_ server: DiscordServer, _ frames: Frames, _ count: Int) throws -> Figures? {
    guard let python = server.python(having: packages) else {
      print("no discord.py to compare with: pip cannot install \(packages.joined(separator: " "))")
      return nil
    }
    let running = try server.start(["--replay", frames.path])
    defer { running.child.end() }
    let words = [
      "\(server.place)/peer.py", "\(running.port)", running.token, "--count", "\(count)", "--compress",
      frames.compression,
    ]
    let peer = try Child(python[0], Array(python.dropFirst()) + words, isQuiet: true)
    guard let line = peer.line(), let said = try? JSON.parse(line), let seconds = said["seconds"]?.doubleValue,
      let cpu = said["cpu"]?.doubleValue
    else { throw BenchError("discord.py ended without a result") }
    peer.end()
    return Figures(rate: Double(count) / seconds, cpu: cpu * 1e6 / Double(count))
  }

  // MARK: - Ours

  private static func ours(
    _ server: DiscordServer,
    _ frames: Frames,
    _ count: Int,
    in directory: WorkDirectory,
    named name: String
  ) throws -> Figures {
    let running = try server.start(["--replay", frames.path])
    defer { running.child.end() }
    let deployment = try running.deployment(in: directory, compression: frames.compression)
    let host = try BenchHost(deployment: deployment, in: directory, named: name)
    // What it takes to start, such as to check the libraries, is no event's.
    let before = cpuMicroseconds(of: getpid())
    let instances = try host.client.call("status")["instances"]?.arrayValue ?? []
    let instance = instances.first { $0["plugin"] == "discord" }
    guard let pid = instance?["pid"]?.intValue else { throw BenchError("the plugin does not run") }
    // Nothing else is published, so the journal counts them.
    var (recorded, uncounted, began) = (Int64(0), Int64(0), Int64(0))
    var quarter: Int64 = 0
    let patience = monotonic() + 600_000_000_000
    while recorded < Int64(count), monotonic() < patience {
      usleep(interval)
      let newest = try host.client.call("status")["journal"]?["newest"]?.intValue ?? 0
      // Those that were there when the clock began to run do not count.
      if recorded == 0, newest > 0 { (uncounted, began) = (newest, monotonic()) }
      recorded = newest
      if quarter == 0, recorded > Int64(count / 4) { quarter = residentBytes(pid_t(pid)) }
    }
    let ended = monotonic()
    guard recorded == Int64(count) else { throw BenchError("\(count) events were sent, \(recorded) were recorded") }
    let resident = residentBytes(pid_t(pid))
    let cpu = Double(cpuMicroseconds(of: getpid()) - before + cpuMicroseconds(of: pid_t(pid))) / Double(count)
    try host.stop()
    let rate = Double(recorded - uncounted) * 1e9 / Double(ended - began)
    return Figures(rate: rate, cpu: cpu, resident: Double(resident), quarter: Double(quarter))
  }

  // MARK: - Processes

  /// The time that a process has used of the processors, its threads' too.
  private static func cpuMicroseconds(of pid: pid_t) -> Int64 {
    // The name of the process, in parentheses, may have spaces in it.
    guard let text = try? WorkDirectory.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return 0 }
    let fields = text[text.index(after: end)...].split(separator: " ")
    // utime and stime, the 14th and 15th, in ticks.
    let ticks = [11, 12].compactMap { $0 < fields.count ? Int64(fields[$0]) : nil }.reduce(0, +)
    return ticks * 1_000_000 / Int64(sysconf(Int32(_SC_CLK_TCK)))
  }

  private static func residentBytes(_ pid: pid_t) -> Int64 {
    guard let text = try? WorkDirectory.read("/proc/\(pid)/statm") else { return 0 }
    let fields = text.split(separator: " ")
    return (fields.count > 1 ? Int64(fields[1]) ?? 0 : 0) * Int64(sysconf(Int32(_SC_PAGESIZE)))
  }
}
