internal import CLinux
internal import Envelope
internal import Glibc

/// Why an instance's process could not be made.
package struct LaunchError: Error, CustomStringConvertible {
  package let description: String
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
    var setup = try setup(of: instance, in: deployment)
    // The kernel counts the threads of a user, who is a plugin's; a group counts those of an instance.
    if setup.uid != 0 {
      setup.limits.threads *= UInt64(siblings)
      // The user's count holds what a killed host has left, until that is reaped. Where a group keeps the limit, it need
      // not be short of threads for that.
      if groups?.bound(.pids) == true { setup.limits.threads *= 2 }
    }
    do throws(HostError) {
      let library = try store.copy(of: instance.plugin.library)
      instance.library = library
      let thread = try spawnThread(nice: setup.nice)
      let (number, limits) = (instance.number, instance.plugin.limits)
      // The generation before has a group of its own still.
      let group = instance.generation == 1 ? instance.name : "\(instance.name).\(instance.generation)"
      thread.perform { [runner, groups, completion, setup] in
        let group = groups.map { (name: group, groups: $0, limits: limits) }
        completion(number, Self.spawn(runner, library: library, setup: setup, group: group))
      }
    } catch {
      throw LaunchError(description: "\(instance.name): \(error)")
    }
  }

  private func spawnThread(nice: Int32) throws(HostError) -> WorkThread {
    if let thread { return thread }
    let made = try WorkThread("spawn", nice: nice)
    thread = made
    return made
  }

  /// Makes the process; if it cannot be made, nothing of it is left.
  private static func spawn(
    _ runner: String,
    library: LibraryFile,
    setup: RunnerSetup,
    group plan: (name: String, groups: ControlGroups, limits: Limits)?
  ) -> Result<Launched, LaunchError> {
    var group: ControlGroup?
    do {
      group = try plan.map { plan throws(HostError) in
        try ControlGroup(plan.name, in: plan.groups, limits: plan.limits)
      }
      let process = try RunnerProcess.spawn(executable: runner, library: library.descriptor, setup: setup) {
        [group] pid throws(RunnerError) in
        do throws(HostError) { try group?.add(pid) } catch { throw .group(error.description) }
      }
      return .success(Launched(process: process, group: group))
    } catch {
      group?.remove()
      return .failure(LaunchError(description: "\(setup.instanceName): \(error)"))
    }
  }

  /// Ends the thread that it spawns on, which ends what was spawned there.
  func close() { thread?.close() }

  private func setup(of instance: Instance, in deployment: Deployment) throws(LaunchError) -> RunnerSetup {
    let plugin = instance.plugin
    let name = plugin.libraryPath.split(separator: "/").last.map(String.init) ?? plugin.id
    var setup = RunnerSetup(libraryName: name, pluginID: plugin.id, instanceName: instance.name)
    setup.provider = instance.binding?.provider ?? ""
    setup.tenant = instance.binding?.tenant ?? ""
    setup.extensions = Self.extensions(of: plugin)
    // One that requires everything is not even tried with less.
    setup.omissions = plugin.require == .full ? [] : omissions
    if plugin.require == .landlock { setup.omissions.remove(.landlock) }
    if isRoot, let uid = uids[plugin.id] { (setup.uid, setup.gid) = (uid, uid) }
    let data = deployment.dataDirectory(of: plugin.id)
    for path in plugin.paths(.fsRead, dataDirectory: data) {
      setup.paths.append(RunnerSetup.Path(.read, try resolve(path)))
    }
    if setup.extensions.contains(.dial), let authorities = try? resolve(Self.authorities) {
      setup.paths.append(RunnerSetup.Path(.read, authorities))
    }
    let writable = plugin.paths(.fsWrite, dataDirectory: data)
    for path in writable {
      if path.hasPrefix(data + "/") { try makeData(path, uid: setup.uid) }
      setup.paths.append(RunnerSetup.Path(.write, try resolve(path)))
    }
    setup.limits.descriptors = UInt64(plugin.limits.descriptors)
    setup.limits.threads = UInt64(plugin.limits.threads)
    setup.limits.data = UInt64(plugin.limits.memory)
    setup.limits.addressSpace = UInt64(plugin.limits.memory) + Self.mapped
    setup.limits.fileSize = writable.isEmpty ? 0 : UInt64(plugin.limits.fileSize)
    setup.config = Self.config(of: plugin, directory: writable.first)
    setup.configRev = plugin.configRev
    setup.healthInterval = UInt32(plugin.manifest.healthInterval.nanoseconds / nanosecondsPerMillisecond)
    return setup
  }

  /// What a plugin that dials checks certificates against: Debian's `ca-certificates`.
  private static let authorities = "/etc/ssl/certs/ca-certificates.crt"

  /// Bytes of address space beyond the data: libraries, thread stacks, the rings.
  private static let mapped: UInt64 = 1 << 30

  private static func extensions(of plugin: PluginConfiguration) -> RunnerSetup.Extensions {
    let policy = plugin.policy
    var extensions: RunnerSetup.Extensions = []
    if policy.grants(.log) { extensions.insert(.log) }
    if policy.grants(.clock) { extensions.insert(.clock) }
    if policy.grants(.metrics) { extensions.insert(.metrics) }
    if policy.grants(.publish) { extensions.insert(.publish) }
    // What provides something is delivered requests for it, and has to be able to answer.
    if policy.grants(.subscribe) || !plugin.manifest.provides.isEmpty { extensions.insert(.subscribe) }
    if policy.grants(.state) { extensions.insert(.state) }
    if policy.grants(.netDial) { extensions.insert(.dial) }
    if policy.grants(.secretsRead) { extensions.insert(.secrets) }
    return extensions
  }

  /// The plugin's configuration; one that keeps files is told where, since only the host knows.
  private static func config(of plugin: PluginConfiguration, directory: String?) -> String {
    guard let directory, case .object(var config) = plugin.config,
      plugin.manifest.config.properties.contains(where: { $0.name == "directory" })
    else {
      return plugin.config.text
    }
    if config["directory"] == nil || config["directory"] == .string("") { config["directory"] = .string(directory) }
    return JSON.object(config).text
  }

  // MARK: - Files

  /// The path without symbolic links, since a link could lead elsewhere by the time it is followed.
  private func resolve(_ path: String) throws(LaunchError) -> String {
    guard let resolved = unsafe realpath(path, nil) else {
      throw LaunchError(
        description: "\(path) is granted and cannot be used: \(unsafe String(cString: strerror(errno)))"
      )
    }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  /// Makes a plugin's own directory, which belongs to it and to nobody else.
  private func makeData(_ path: String, uid: UInt32) throws(LaunchError) {
    do throws(HostError) {
      try Directory.make(path, mode: 0o700)
      if uid != 0 { try Directory.give(path, to: uid) }
    } catch {
      throw LaunchError(description: error.description)
    }
  }
}
