import Envelope
import Foundation
import Glibc
import Host
import Locking
import TestSupport
import Testing

/// A deployment in a directory of its own, and the real host that runs it.
///
/// The host is a child, which owns its signals; so are the runners, of the host's. All of it is gone with the object.
final class TestHost {
  /// How long anything may take that a test waits for, in milliseconds: many times what it takes on a busy machine.
  static let patience: Int64 = Products.isSoak ? 600_000 : 60_000

  /// How long a host may run, in seconds; the long proofs take a while.
  private static let lifetime: Double = Products.isSoak ? 7200 : 240

  /// Hosts that have not been explained: those that run by their directory, and of the last one that is gone what it
  /// left.
  private static let unexplained = Locked<(running: [String], gone: String)>(([], ""))

  let directory: String
  /// What stands before the command of the host, such as `setpriv --reuid 65534`.
  private let wrapper: [String]
  private(set) var process: ChildProcess?
  /// What the wrapper makes of a path of the deployment's, where the host sees another file there.
  var view: String { isMountedApart ? "/proc/\(process?.pid ?? 0)/root\(directory)" : directory }
  private let isMountedApart: Bool

  /// Makes a deployment and starts nothing.
  ///
  /// - Parameters:
  ///   - manifest: The text of plugins.yml.
  ///   - wrapper: The words of a command that runs the command behind it.
  ///   - isMountedApart: Whether the host has mounts of its own.
  ///   - owner: Whose the deployment is.
  /// - Throws: When the directory cannot be made.
  init(_ manifest: String, wrapper: [String] = [], isMountedApart: Bool = false, owner: uid_t? = nil) throws {
    // Short, since the path of a socket has at most 107 bytes.
    Self.unexplained.withLock { $0.gone = "" }
    directory = "/tmp/promethean-e2e-\(String(UInt32.random(in: 0...(.max)), radix: 36))"
    self.wrapper = wrapper
    self.isMountedApart = isMountedApart
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try write(manifest)
    // Others too: a plugin's user comes past here to its data.
    guard unsafe chmod(directory, 0o755) == 0 else { throw POSIXError(.EPERM) }
    guard let owner else { return }
    guard unsafe chown(directory, owner, owner) == 0 else { throw POSIXError(.EPERM) }
  }

  deinit {
    process = nil
    // An error that ends a test is recorded when its host is gone.
    let left = Self.explanation(directory)
    Self.unexplained.withLock { unexplained in
      guard let index = unexplained.running.firstIndex(of: directory) else { return }
      unexplained.running.remove(at: index)
      unexplained.gone = left
    }
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// Writes plugins.yml.
  func write(_ manifest: String) throws {
    try manifest.write(toFile: "\(directory)/plugins.yml", atomically: true, encoding: .utf8)
  }

  // MARK: - Life

  /// What a plugin of this package's is trusted as: its library comes with the host, but for a sanitizer's build.
  static var trust: String { Products.isSanitized ? "unsigned" : "signed" }

  /// Where a host that is built with a sanitizer finds what is not.
  private static var places: [String] {
    Products.isSanitized ? ["--search-path", Products.sandboxed, "--runner", Products.runner] : []
  }

  /// What follows `up`.
  var words: [String] = []
  /// What is run instead of `promethean up`; nil: nothing is.
  var stand: [String]?

  /// Starts the host without waiting for its plugins.
  func spawn() throws {
    let command = stand ?? [Products.promethean, "--deployment", directory, "up"] + Self.places + words
    let process = try ChildProcess(wrapper + command, output: "\(directory)/out", errors: "\(directory)/err")
    self.process = process
    // Whoever waits for an answer of a host that hangs hears that it is gone.
    DispatchQueue.global().asyncAfter(deadline: .now() + Self.lifetime) { [weak process] in process?.kill(SIGKILL) }
    Self.unexplained.withLock { if !$0.running.contains(directory) { $0.running.append(directory) } }
  }

  /// Starts the host and returns its status when every instance is ready or will not be.
  @discardableResult
  func start() throws -> JSON {
    try spawn()
    return try client().call("wait_ready", ["timeout_ms": .int(Self.patience)])
  }

  /// Kills the host, and with it all its runners.
  func kill() throws {
    process?.kill(SIGKILL)
    _ = try process?.wait()
  }

  /// Sends the host a signal and returns how it ended.
  func stop(_ signal: Int32 = SIGTERM) throws -> ChildProcess.End? {
    process?.kill(signal)
    return try process?.wait()
  }

  /// Connects to the host, as soon as it listens.
  func client() throws -> AdminClient {
    let path = AdminClient.socketPath(directory: view)
    return try until("the host listens") {
      do throws(AdminClientError) {
        return try AdminClient(path: path)
      } catch {
        if case .noHost = error { return nil }
        throw error
      }
    }
  }

  /// Returns what `probe` finds, once it finds something; for what has no event of its own.
  ///
  /// - Parameters:
  ///   - what: What is waited for, in words.
  ///   - isRunning: Whether the host is to run meanwhile.
  ///   - probe: Looks.
  /// - Returns: What was found.
  /// - Throws: `ChildProcess.Failure` when it is not found in time, or when the host ends.
  func until<Value>(_ what: String, isRunning: Bool = true, _ probe: () throws -> Value?) throws -> Value {
    let deadline = ContinuousClock.now + .milliseconds(Self.patience)
    while ContinuousClock.now < deadline {
      if let found = try probe() { return found }
      if isRunning, let process, let end = try? process.wait(seconds: 0) {
        throw ChildProcess.Failure(description: "the host ended (\(end)) before \(what)")
      }
      // The gap between two looks, so that looking leaves the processor to the host.
      poll(nil, 0, 10)
    }
    throw ChildProcess.Failure(description: "waited in vain until \(what)")
  }

  // MARK: - Command line

  /// Runs a command of `promethean` on this deployment.
  func run(_ words: String..., seconds: Int = 60) throws -> Program {
    try Program([Products.promethean, "--deployment", directory] + words, seconds: seconds)
  }

  /// What the host has logged, oldest first.
  var records: [JSON] {
    get throws {
      let text = try String(contentsOfFile: "\(directory)/var/log/host.log", encoding: .utf8)
      return try text.split(separator: "\n").map { try JSON.parse(Array($0.utf8)) }
    }
  }

  // MARK: - Explaining

  /// Says what the hosts of a test that fails have logged last.
  static func explained(_ issue: Issue) -> Issue {
    let (running, gone) = unexplained.withLock { unexplained in
      defer { unexplained = ([], "") }
      return unexplained
    }
    let text = (running.map(explanation) + [gone]).joined()
    if !text.isEmpty { Products.say(text) }
    return issue
  }

  private static func explanation(_ directory: String) -> String {
    ["err", "var/log/host.log"].map { name in
      let text = String(decoding: (try? FileBytes.read("\(directory)/\(name)")) ?? [], as: UTF8.self)
      let lines = text.split(separator: "\n").suffix(40)
      return lines.isEmpty ? "" : "\(directory)/\(name):\n\(lines.joined(separator: "\n"))\n"
    }.joined()
  }
}

extension AdminClient {
  /// Sends a request to a plugin and returns its answer, an envelope as a CloudEvent.
  func request(
    _ topic: String,
    _ payload: JSON = [:],
    resource: String = "",
    timeout: Int64 = TestHost.patience
  ) throws -> JSON {
    let name = topic.split(separator: ".").last.map(String.init) ?? ""
    let answer = try call(
      "request",
      [
        "topic": .string(topic), "intent": .string(name), "payload": payload, "resource": .string(resource),
        "timeout_ms": .int(timeout),
      ]
    )
    return try #require(answer["envelope"])
  }

  /// All dead letters, oldest first.
  func deadLetters() throws -> [JSON] {
    var letters: [JSON] = []
    try call("dead_letters.list", ["limit": 1000]) {
      letters.append($0)
      return true
    }
    return letters
  }
}
