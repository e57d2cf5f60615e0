internal import Envelope
internal import Glibc

/// One start of an instance: all that has to be known for it on the thread that spawns, for the disk may be slow.
struct Launch: Sendable {
  /// The instance's.
  let number: Int
  let name: String
  let plugin: PluginConfiguration
  let binding: TenantID?
  /// The name of its control group.
  let group: String
  /// The copy in the store.
  let library: LibraryFile
  /// Where the plugin keeps its files.
  let data: String
  /// Who it is to be; 0: who the host is.
  let uid: UInt32
  /// How many threads its user may have.
  let threads: UInt64
  /// What the sandbox does without, if the plugin does not require it.
  let omissions: RunnerSetup.Omissions

  /// Makes the process; if it cannot be made, nothing of it is left.
  ///
  /// - Parameters:
  ///   - runner: The path of `promethean-runner`.
  ///   - groups: Where it gets a group, if anywhere.
  /// - Returns: The process, or why there is none.
  func run(_ runner: String, in groups: ControlGroups?) -> Result<Launched, LaunchError> {
    if let shortage = DescriptorBudget.shortage() { return .failure(LaunchError(description: shortage, isLack: true)) }
    var made: ControlGroup?
    do {
      let setup = try setup()
      made = try groups.map { groups throws(HostError) in try ControlGroup(group, in: groups, limits: plugin.limits) }
      let process = try RunnerProcess.spawn(executable: runner, library: library.descriptor, setup: setup) {
        [made] pid throws(RunnerError) in
        do throws(HostError) { try made?.add(pid) } catch { throw .group(error.description) }
      }
      return .success(Launched(process: process, group: made))
    } catch {
      made?.remove()
      return .failure(LaunchError(description: "\(name): \(error)"))
    }
  }

  /// What the runner is told, with all that it takes on the disk made ready.
  private func setup() throws(LaunchError) -> RunnerSetup {
    let libraryName = plugin.libraryPath.split(separator: "/").last.map(String.init) ?? plugin.id
    var setup = RunnerSetup(libraryName: libraryName, pluginID: plugin.id, instanceName: name)
    setup.provider = binding?.provider ?? ""
    setup.tenant = binding?.tenant ?? ""
    setup.extensions = Self.extensions(of: plugin)
    // One that requires everything is not even tried with less.
    setup.omissions = plugin.require == .full ? [] : omissions
    if plugin.require == .landlock { setup.omissions.remove(.landlock) }
    (setup.uid, setup.gid) = (uid, uid)
    let readable = plugin.paths(.fsRead, dataDirectory: data)
    for path in readable {
      setup.paths.append(RunnerSetup.Path(.read, try resolve(path)))
    }
    if setup.extensions.contains(.dial), let authorities = try? resolve(Self.authorities) {
      setup.paths.append(RunnerSetup.Path(.read, authorities))
    }
    let writable = plugin.paths(.fsWrite, dataDirectory: data)
    for path in writable {
      if path.hasPrefix(data + "/") { try makeData(path) }
      setup.paths.append(RunnerSetup.Path(.write, try resolve(path)))
    }
    setup.limits.descriptors = UInt64(plugin.limits.descriptors)
    setup.limits.threads = threads
    setup.limits.data = UInt64(plugin.limits.memory)
    setup.limits.addressSpace = UInt64(plugin.limits.memory) + Self.mapped
    setup.limits.fileSize = writable.isEmpty ? 0 : UInt64(plugin.limits.fileSize)
    setup.config = Self.config(of: plugin, directory: writable.first ?? readable.first)
    let told = binding.flatMap { plugin.bindings[$0] }
    setup.configRev = plugin.configRev(for: told)
    setup.binding = told?.json.text ?? Binding.text(ofTenants: plugin.boundTenants)
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

  /// The plugin's configuration; one that keeps files, or only reads them, is told where, since only the host knows.
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
  private func makeData(_ path: String) throws(LaunchError) {
    do throws(HostError) {
      try Directory.make(path, mode: 0o700)
      if uid != 0 { try Directory.give(path, to: uid) }
    } catch {
      throw LaunchError(description: error.description)
    }
  }
}
