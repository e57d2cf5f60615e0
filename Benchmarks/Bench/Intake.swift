internal import Envelope
internal import Glibc
internal import Host

/// How many events of a gateway are normalised and recorded in a second, next to how many discord.py only takes in: both
/// are sent the same compressed frames.
///
/// The server is the one of the tests, which sends a file of frames made before as fast as its client reads. Ours are
/// taken in by the plugin in its sandbox, routed and recorded by the host, and handed to a plugin that counts them.
enum Intake {
  /// Messages of about 0.9 kB each; `PROMETHEAN_INTAKE` in the environment is another number of them.
  private static let count = 200_000
  /// Those that discord.py is given.
  private static let peerCount = 40_000
  private static let packages = ["discord.py==2.7.1", "zstandard==0.25.0"]
  /// What discord.py's CPU time for an event is at least a multiple of.
  private static let budget = 5

  static func measure(in directory: WorkDirectory, into report: inout Report) throws {
    guard let server = try DiscordServer(in: directory) else { return }
    let wanted = unsafe getenv("PROMETHEAN_INTAKE").flatMap { unsafe Int(String(cString: $0)) } ?? count
    let frames = "\(directory.path)/frames"
    try server.run("frames.py", [frames, "\(wanted)"])
    let peer = try peerFigures(server, frames, min(peerCount, wanted))
    try ours(server, frames, wanted, peer, in: directory, into: &report)
  }

  /// What taking events in came to.
  private struct Figures {
    /// Events a second.
    let rate: Double
    /// Microseconds of CPU for an event.
    let cpu: Double
  }

  // MARK: - discord.py

  private static func peerFigures(_ server: DiscordServer, _ frames: String, _ count: Int) throws -> Figures? {
    guard let python = server.python(having: packages) else {
      print("no discord.py to compare with: pip cannot install \(packages.joined(separator: " "))")
      return nil
    }
    let running = try server.start(["--replay", frames])
    defer { running.child.end() }
    let words = ["\(server.place)/peer.py", "\(running.port)", running.token, "--count", "\(count)"]
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
    _ frames: String,
    _ count: Int,
    _ peer: Figures?,
    in directory: WorkDirectory,
    into report: inout Report
  ) throws {
    let running = try server.start(["--replay", frames])
    defer { running.child.end() }
    let before = cpuMicroseconds(of: getpid())
    let host = try BenchHost(deployment: running.deployment(in: directory), in: directory, named: "intake")
    let instances = try host.client.call("status")["instances"]?.arrayValue ?? []
    let instance = instances.first { $0["plugin"] == "discord" }
    guard let pid = instance?["pid"]?.intValue else { throw BenchError("the plugin does not run") }
    var (received, first, last) = (Int64(0), Int64(0), Int64(0))
    var quarter: Int64?
    let patience = monotonic() + 600_000_000_000
    while received < Int64(count), monotonic() < patience {
      usleep(100_000)
      let answer = try host.report()
      guard let more = answer["count"]?.intValue, more > 0 else { continue }
      if received == 0 { first = answer["first"]?.intValue ?? 0 }
      last = answer["last"]?.intValue ?? 0
      received += more
      if quarter == nil, received > Int64(count / 4) { quarter = residentBytes(pid_t(pid)) }
    }
    guard received == Int64(count) else { throw BenchError("\(count) events were sent, \(received) came") }
    let resident = residentBytes(pid_t(pid))
    let cpu = Double(cpuMicroseconds(of: getpid()) - before + cpuMicroseconds(of: pid_t(pid))) / Double(count)
    try host.stop()
    let rate = Double(count) * 1e9 / Double(last - first)
    let times = peer.map { "discord.py takes \(Int(($0.cpu / cpu * 10).rounded()) / 10) x; " } ?? ""
    report.add(
      .init(
        name: "intake.events",
        value: rate,
        unit: "events/s",
        baseline: peer?.rate,
        note: "recorded, of \(count); baseline: discord.py takes them in; budget \(budget)"
      )
    )
    report.add(
      .init(
        name: "intake.cpu",
        value: cpu,
        unit: "µs/event",
        baseline: peer?.cpu,
        note: "\(times)plugin and host; budget 1/\(budget)"
      )
    )
    report.add(
      .init(
        name: "intake.rss",
        value: Double(resident) / Double(1 << 20),
        unit: "MiB",
        baseline: quarter.map { Double($0) / Double(1 << 20) },
        note: "the plugin in the end; baseline: after a quarter of the events; budget 1.05"
      )
    )
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

extension BenchHost {
  /// What the counting plugin has got since it was asked last.
  fileprivate func report() throws -> JSON {
    let answer = try client.call(
      "request",
      ["topic": "promethean.p.discord.t.bot.control.report", "intent": "report", "payload": [:], "timeout_ms": 30_000]
    )
    return answer["envelope"]?["data"] ?? .null
  }
}
