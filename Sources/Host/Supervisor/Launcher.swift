internal import CLinux
internal import Envelope
internal import Glibc

/// Why an instance's process could not be made.
package struct LaunchError: Error, CustomStringConvertible {
  package let description: String
  /// Whether it is the host that lacks something, and the instance is to wait for that.
  var isLack = false
}

/// The process of an instance, and its group.
@safe struct Launched: @unchecked Sendable {
  // Made on the spawning thread, which lets go of it by handing it over.
  let process: RunnerProcess
  /// Where there are any.
  let group: ControlGroup?
}

/// Makes the process of an instance: what of the machine it may see, who it is, and its runner.
package final class Launcher {
  /// The first of the user ids that plugins get when the host is root, and how many there are.
  ///
  /// No account has one of them.
  static let firstUID: UInt32 = 61_000
  static let uidCount: UInt32 = 4_000

  private let runner: String
  private var store: LibraryStore
  /// Where each instance gets a group; nil: they are not to be had here.
  private let groups: ControlGroups?
  private let isRoot = geteuid() == 0
  /// Who each plugin is.
  private var uids: [String: UInt32]
  /// What the sandbox does without, because this machine has not got it.
  var omissions: RunnerSetup.Omissions = []
  /// Where runners are spawned, so that the loop never waits for one.
  ///
  /// The kernel returns from a spawn when the program has been replaced, and from a move into a control group when every
  /// processor has passed a quiet point: 20 ms together on a busy machine, in which nobody would be served. The thread
  /// lives as long as the host, since the kernel kills a runner when the thread that spawned it ends.
  private var thread: WorkThread?
  private let completion: @Sendable (Int, Result<Launched, LaunchError>) -> Void

  /// Makes a launcher.
  ///
  /// - Parameters:
  ///   - runner: The path of `promethean-runner`.
  ///   - plugins: The ids of all plugins of the deployment.
  ///   - store: The folder of the store.
  ///   - groups: Where each instance gets a group, if anywhere.
  ///   - completion: Called on another thread with the number of an instance and what became of its launch.
  init(
    runner: String,
    plugins: [String],
    store: String,
    groups: ControlGroups?,
    completion: @escaping @Sendable (Int, Result<Launched, LaunchError>) -> Void
  ) {
    self.completion = completion
    self.groups = groups
    self.runner = runner
    self.store = LibraryStore(directory: store)
    uids = Self.uids(of: plugins)
  }

  /// Gives each plugin a user id that stays the same, as the files that it owns do.
  ///
  /// - Parameters:
  ///   - plugins: Their ids.
  ///   - known: What those that run have already.
  /// - Returns: All of them.
  static func uids(of plugins: [String], known: [String: UInt32] = [:]) -> [String: UInt32] {
    var taken = Set(known.values.map { $0 - firstUID })
    var uids = known
    for plugin in plugins.sorted() where known[plugin] == nil {
      var hash: UInt32 = 0x811c_9dc5
      for byte in plugin.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
      var offset = hash % uidCount
      while !taken.insert(offset).inserted { offset = (offset + 1) % uidCount }
      uids[plugin] = firstUID + offset
    }
    return uids
  }

  /// Takes note of plugins that may be new, and of libraries that are in the store already.
  func know(_ plugins: [String], _ libraries: [LibraryFile]) {
    uids = Self.uids(of: plugins, known: uids)
    store.keep(libraries)
  }

  /// Has an instance's runner spawned, and told what it is to be; `completion` hears of the end.
  ///
  /// - Parameters:
  ///   - instance: What it is for.
  ///   - siblings: How many instances of its plugin there are, itself included.
  ///   - deployment: What they are of.
  /// - Throws: `LaunchError` when it is clear at once that it cannot be made.
  func launch(_ instance: Instance, siblings: Int, of deployment: Deployment) throws(LaunchError) {
    let uid = isRoot ? uids[instance.plugin.id] ?? 0 : 0
    var threads = UInt64(instance.plugin.limits.threads)
    // The kernel counts the threads of a user, who is a plugin's; a group counts those of an instance.
    if uid != 0 {
      threads *= UInt64(siblings)
      // The user's count holds what a killed host has left, until that is reaped. Where a group keeps the limit, it need
      // not be short of threads for that.
      if groups?.bound(.pids) == true { threads *= 2 }
    }
    do throws(HostError) {
      let library = try store.copy(of: instance.plugin.library)
      instance.library = library
      let launch = Launch(
        number: instance.number,
        name: instance.name,
        plugin: instance.plugin,
        binding: instance.binding,
        // The generation before, which has the same name, has a group of its own still.
        group: "\(instance.name).\(instance.number)",
        library: library,
        data: deployment.dataDirectory(of: instance.plugin.id),
        uid: uid,
        threads: threads,
        omissions: omissions
      )
      try spawnThread().perform { [runner, groups, completion] in
        completion(launch.number, launch.run(runner, in: groups))
      }
    } catch {
      throw LaunchError(description: "\(instance.name): \(error)")
    }
  }

  /// Lets go of a process that has ended, and of its group.
  ///
  /// The kernel clears both away in the caller's time.
  func dispose(_ ended: Launched) {
    // As long as there is no thread there is no process.
    thread?.perform { ended.group?.remove() }
  }

  private func spawnThread() throws(HostError) -> WorkThread {
    if let thread { return thread }
    let made = try WorkThread("spawn", nice: RunnerSetup.nice)
    thread = made
    return made
  }

  /// Ends the thread that it spawns on, which ends what was spawned there.
  func close() { thread?.close() }
}
