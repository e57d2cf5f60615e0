internal import CLinux
internal import Foundation
internal import Glibc
internal import Host

/// Looks at the world before and after an attempt, and says what is different.
struct Observer {
  let world: World
  /// The process that the attempt is made in.
  let animal: Int32
  /// Descriptor of the memory shared with it.
  let rings: Int32
  /// What it was given, or would have been.
  let limits: RunnerSetup.Limits
  private let files: [String: FileState]
  private let prey: ProcessState
  private let own: ProcessState
  private let machine: [String]
  private let ringSize: Int64

  init(_ world: World, animal: Int32, rings: Int32, limits: RunnerSetup.Limits) throws {
    self.world = world
    self.animal = animal
    self.rings = rings
    self.limits = limits
    files = try FileState.all(in: [world.outside, world.readable])
    prey = ProcessState(world.prey.pid)
    own = ProcessState(animal)
    machine = Self.machineState
    ringSize = Self.size(rings)
  }

  /// What there is to see of an attempt, and a word on each.
  func traces(said: [String]) throws -> [Row.Trace: String] {
    var traces: [Row.Trace: String] = [:]
    traces[.secret] = said.first { line in world.canaries.contains { line.contains($0) } }
    traces[.gain] = said.first { $0.hasPrefix("gain: ") }
    let paths = try changedPaths()
    if !paths.isEmpty { traces[.files] = paths.joined(separator: ", ") }
    if world.listeners.hasVisitor { traces[.visitor] = "somebody came" }
    let followers = ProcessState.followers(of: animal)
    if !followers.isEmpty { traces[.process] = "\(followers)" }
    let preyChanges = ProcessState(world.prey.pid).changes(since: prey)
    if !preyChanges.isEmpty { traces[.prey] = preyChanges.joined(separator: "; ") }
    let now = ProcessState(animal)
    // Nothing is left to see of one that has been ended.
    if now.threads > 0, now != own { traces[.itself] = now.changes(since: own).joined(separator: "; ") }
    traces[.excess] = try excess(now)
    if Self.size(rings) != ringSize { traces[.rings] = "\(Self.size(rings)) bytes" }
    if Self.machineState != machine { traces[.machine] = "\(Self.machineState)" }
    return traces
  }

  /// Ends what an attempt may have left.
  func tidy() {
    for process in ProcessState.followers(of: animal) {
      kill(process, SIGKILL)
      // It may have made itself a child of this process.
      _ = waitpid(process, nil, 0)
    }
  }

  private func changedPaths() throws -> [String] {
    let now = try FileState.all(in: [world.outside, world.readable])
    let changed = Set(files.keys).union(now.keys).filter { files[$0] != now[$0] }
    let strays = try FileState.all(in: [world.writable]).filter { !$0.value.isPlain }.keys
    return (changed + Array(strays)).sorted()
  }

  private func excess(_ state: ProcessState) throws -> String? {
    let largest = try FileState.all(in: [world.writable]).values.map(\.size).max() ?? 0
    let found: [(String, Int, UInt64)] = [
      ("threads", state.threads, limits.threads), ("bytes of address space", state.addressSpace, limits.addressSpace),
      ("bytes of data", state.data, limits.data), ("descriptors", state.descriptors, limits.descriptors),
      ("bytes of a file", Int(largest), limits.fileSize),
    ]
    return found.first { $0.1 > Int($0.2) }.map { "\($0.1) \($0.0), of \($0.2)" }
  }

  private static func size(_ descriptor: Int32) -> Int64 {
    var found = stat()
    return unsafe fstat(descriptor, &found) == 0 ? Int64(found.st_size) : -1
  }

  private static var machineState: [String] {
    var name = utsname()
    unsafe uname(&name)
    let host = unsafe withUnsafeBytes(of: name.nodename) { unsafe String(decoding: $0, as: UTF8.self) }
    let mounts = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
    return [host, mounts]
  }
}
