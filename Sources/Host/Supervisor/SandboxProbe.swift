internal import CChannel
internal import CLinux
internal import Envelope
internal import Glibc

/// What the sandbox comes to on this machine: found by closing it around a runner that maps no plugin.
package struct SandboxProbe {
  /// The level that a plugin would get.
  package let level: PluginConfiguration.SandboxLevel
  /// What is missing from the full level, empty if nothing is.
  package let missing: String
  /// Why each layer that is missing could not be closed, in the order of trying.
  package let failures: [String]

  /// How long a runner may take to close its sandbox, ms.
  private static let patience: Int32 = 10_000

  /// Closes the sandbox as the host would, with less each time that this machine lacks a layer.
  ///
  /// Call it on a thread that outlives the call: a runner ends with the thread that spawned it.
  ///
  /// - Parameter runner: The path of `promethean-runner`.
  /// - Throws: `HostError` if not even the least sandbox can be closed.
  package init(runner: String) throws(HostError) {
    var omissions: RunnerSetup.Omissions = []
    var failures: [String] = []
    while true {
      switch try Self.close(runner: runner, omissions) {
      case .success(let (level, missing)):
        (self.level, self.missing, self.failures) = (level, missing, failures)
        return
      case .failure(let failure):
        failures.append(failure.text)
        switch failure.stage {
        case WIRE_STAGE_NAMESPACES where !omissions.contains(.namespaces): omissions.insert(.namespaces)
        case WIRE_STAGE_LANDLOCK where !omissions.contains(.landlock): omissions.insert(.landlock)
        default: throw HostError("no plugin can run here: \(failure.text)")
        }
      }
    }
  }

  private struct Failure: Error {
    let stage: Int32
    let text: String
  }

  private static func close(
    runner: String,
    _ omissions: RunnerSetup.Omissions
  ) throws(HostError) -> Result<(PluginConfiguration.SandboxLevel, String), Failure> {
    // In the place of a library, which is not mapped before the sandbox is closed, and here not after.
    let library = unsafe open(runner, O_RDONLY | O_CLOEXEC)
    guard library >= 0 else { throw HostError(call: "open", path: runner) }
    defer { Glibc.close(library) }
    var setup = RunnerSetup(libraryName: "probe", pluginID: "probe", instanceName: "probe")
    setup.omissions = omissions
    if geteuid() == 0 { (setup.uid, setup.gid) = (Launcher.firstUID, Launcher.firstUID) }
    do throws(RunnerError) {
      let process = try RunnerProcess.spawn(executable: runner, library: library, setup: setup)
      while true {
        var wait = pollfd(fd: process.control, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&wait, 1, patience) != 0 else {
          throw .system("the runner did not close its sandbox", ETIMEDOUT)
        }
        guard let message = try process.receiveControl() else { continue }
        switch Int32(bitPattern: message.kind) {
        case WIRE_SANDBOXED:
          guard let level = PluginConfiguration.SandboxLevel(wire: Int32(truncatingIfNeeded: message.token)) else {
            throw .malformed(message.body.count)
          }
          return .success((level, message.text))
        case WIRE_FAILED:
          // "probe: ", which is nobody's name.
          let text = message.text.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? ""
          return .failure(Failure(stage: Int32(truncatingIfNeeded: message.token), text: text))
        default: throw .malformed(message.body.count)
        }
      }
    } catch {
      throw HostError("\(runner): \(error)")
    }
  }
}

/// What this kernel has that the sandbox and its surroundings are made of.
package struct KernelFeatures {
  /// Name, release and architecture.
  package let kernel: String
  /// The version of Landlock's interface; 0: there is none.
  package let landlock: Int
  /// Whether credentials can be kept where not even root reads them.
  package let secretMemory: Bool
  /// Whether the host is root, so that each plugin can have a user of its own.
  package let isRoot: Bool

  package init() {
    var name = utsname()
    unsafe uname(&name)
    let parts = [Self.text(of: name.sysname), Self.text(of: name.release), Self.text(of: name.machine)]
    kernel = parts.joined(separator: " ")
    landlock = Int(max(0, linux_landlock_version()))
    secretMemory = (try? SecretPages(capacity: 1))?.isSecret ?? false
    isRoot = geteuid() == 0
  }

  private static func text<Field>(of field: Field) -> String {
    unsafe withUnsafeBytes(of: field) { bytes in unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
