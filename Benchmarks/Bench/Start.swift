internal import BenchProbe
internal import CChannel
internal import Glibc
internal import Host
internal import PluginABI

/// How long a Swift worker takes from being spawned to being ready, and what it costs while it does nothing.
enum Start {
  private static let count = 20
  /// Workers that run at once while their memory is measured: they share what they can.
  private static let idle = 4
  private static let library = "libMessageIndexer.so"

  static func measure(in directory: WorkDirectory, into report: inout Report) throws {
    var times: [Double] = []
    var bare: [Double] = []
    var running: [RunnerProcess] = []
    for _ in 0..<count {
      let least = unsafe probe_spawn("/bin/true")
      guard least > 0 else { throw BenchError(call: "/bin/true") }
      bare.append(Double(least) / 1e6)
      let (process, took) = try start(library, plugin: "message-indexer", in: directory)
      times.append(took)
      if running.count < idle { running.append(process) } else { process.kill() }
    }
    report.add(
      .init(
        name: "spawn.ready",
        value: times.sorted()[count / 2],
        unit: "ms",
        baseline: bare.sorted()[count / 2],
        note: "\(library), sandbox and all; bare: /bin/true; budget 15 ms"
      )
    )
    let sizes = try running.map { try proportionalBytes(of: $0.pid) }
    report.add(
      .init(
        name: "idle.pss",
        value: sizes.reduce(0, +) / Double(sizes.count) / Double(1 << 20),
        unit: "MiB",
        note: "each of \(idle) of them; budget 2"
      )
    )
    for process in running { process.kill() }
  }

  /// How long a plugin of some library takes from being spawned to being ready, in milliseconds.
  static func timeToReady(_ library: String, plugin: String, in directory: WorkDirectory) throws -> Double {
    let times = try (0..<count).map { _ in
      let (process, took) = try start(library, plugin: plugin, in: directory)
      process.kill()
      return took
    }
    return times.sorted()[count / 2]
  }

  /// Starts a plugin; returns its process, and how long it took, in milliseconds.
  private static func start(_ library: String, plugin: String, in directory: WorkDirectory) throws -> (
    RunnerProcess, Double
  ) {
    let begun = monotonic()
    let process = try spawn(library, plugin: plugin, in: directory)
    try awaitStart(of: process, library)
    return (process, Double(monotonic() - begun) / 1e6)
  }

  private static func spawn(_ library: String, plugin: String, in directory: WorkDirectory) throws -> RunnerProcess {
    let path = "\(directory.products)/\(library)"
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw BenchError(call: path) }
    defer { close(file) }
    var setup = RunnerSetup(libraryName: library, pluginID: plugin, instanceName: plugin)
    setup.extensions = [.log, .clock, .metrics, .subscribe]
    if geteuid() == 0 { (setup.uid, setup.gid) = (61_000, 61_000) }
    return try RunnerProcess.spawn(executable: directory.runner, library: file, setup: setup)
  }

  /// Does what a supervisor does until a runner's plugin is ready.
  private static func awaitStart(of process: RunnerProcess, _ library: String) throws {
    while true {
      var source = pollfd(fd: process.control, events: Int16(POLLIN), revents: 0)
      guard unsafe poll(&source, 1, 10_000) == 1 else { throw BenchError("\(library) did not become ready") }
      while let message = try process.receiveControl() {
        if try hear(message, from: process, library) { return }
      }
    }
  }

  private static func hear(_ message: ControlMessage, from process: RunnerProcess, _ library: String) throws -> Bool {
    switch Int32(bitPattern: message.kind) {
    case WIRE_CREATED: try process.sendControl(ControlMessage(kind: UInt32(WIRE_START)))
    case WIRE_STARTED where message.status == PROMETHEAN_OK: return true
    case WIRE_STARTED, WIRE_FAILED: throw BenchError("\(library): \(message.text)")
    default: break
    }
    return false
  }

  /// The memory of a process, in bytes, a page that several map counting for each by its share.
  private static func proportionalBytes(of pid: Int32) throws -> Double {
    let path = "/proc/\(pid)/smaps_rollup"
    guard let file = unsafe fopen(path, "re") else { throw BenchError(call: path) }
    defer { unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while unsafe fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      guard text.hasPrefix("Pss:") else { continue }
      let words = text.split(whereSeparator: \.isWhitespace)
      if words.count > 1, let kibibytes = Double(words[1]) { return kibibytes * 1024 }
    }
    throw BenchError("\(path) says nothing of Pss")
  }
}
