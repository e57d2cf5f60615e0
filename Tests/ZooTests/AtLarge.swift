internal import CLinux
internal import Glibc
internal import RunnerSupport
internal import Testing

/// An animal in a plain process of the plugin's user, with nothing around it; or its prey, which plays the host.
final class AtLarge {
  /// What the program is called: as long as the secret, which the prey puts in its place.
  static let name = "promethean-zoo-animal-at-large"

  let pid: Int32
  /// Memory that it shares with the test, without seals: what the rings would be if nobody had thought of it.
  let memory: Int32
  private let pidfd: Int32
  private let control: Int32
  private let output: Int32
  private var unread = ""
  private var hasEnded = false

  /// Starts an animal's program, by default that of all attempts in C, as some user.
  init(user: UInt32, program: Fixture? = nil) throws {
    let program = try program?.path ?? Self.program()
    var ends: [Int32] = [-1, -1]
    try #require(unsafe linux_pipe(&ends) == 0)
    defer { close(ends[1]) }
    var sockets: [Int32] = [-1, -1]
    let kind = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    try #require(unsafe socketpair(AF_UNIX, kind, 0, &sockets) == 0)
    defer { close(sockets[1]) }
    (output, control) = (ends[0], sockets[0])
    let file = "\(Fixture.directory)/rings-\(UInt64.random(in: 0...UInt64.max))"
    memory = unsafe open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    try #require(unsafe unlink(file) == 0 && ftruncate(memory, 4096) == 0)
    // What a runner is never given: a socket that is not connected.
    let loose = socket(AF_UNIX, kind, 0)
    defer { close(loose) }
    let descriptors = [sockets[1], memory, loose]
    let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
    pid = unsafe "PATH=\(path)".withCString { path in
      unsafe "TOKEN=\(World.secret)".withCString { token in
        let environment: [UnsafePointer<CChar>?] = unsafe [path, token, nil]
        return unsafe linux_spawn(program, environment, ends[1], descriptors, Int32(descriptors.count))
      }
    }
    pidfd = pid > 0 ? linux_pidfd_open(pid) : -1
    try #require(pidfd >= 0)
    #expect(try tell(String(user)) == [])
  }

  deinit {
    end()
    for descriptor in [control, output, memory, pidfd] { close(descriptor) }
  }

  /// Ends it, once.
  ///
  /// The prey hears that nobody will speak to it any more, and tidies up; an animal may not listen.
  func end() {
    guard !hasEnded else { return }
    hasEnded = true
    shutdown(control, Int32(SHUT_RDWR))
    var ended = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
    if unsafe poll(&ended, 1, Self.grace) != 1 { _ = linux_pidfd_kill(pidfd, SIGKILL) }
    _ = waitpid(pid, nil, 0)
  }

  /// How long a process may take to end by itself, in milliseconds.
  private static let grace: Int32 = 1_000

  /// Sends a message, and waits until it is done or the process has ended.
  ///
  /// Returns what was said.
  func tell(_ message: String) throws -> [String] {
    var message = message
    let sent = message.withUTF8 { unsafe send(control, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    try #require(sent > 0)
    var lines: [String] = []
    var bytes = [UInt8](repeating: 0, count: 65_536)
    while true {
      while let end = unread.firstIndex(of: "\n") {
        let line = String(unread[..<end])
        unread.removeSubrange(...end)
        if line == "done" { return lines }
        lines.append(line)
      }
      var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      try #require(unsafe poll(&waiting, 1, Driver.patience) == 1, "it says nothing more: \(lines) \(unread)")
      let count = unsafe read(output, &bytes, bytes.count)
      if count <= 0 { return lines + (unread.isEmpty ? [] : [unread]) }
      unread += String(decoding: bytes[..<count], as: UTF8.self)
    }
  }

  private static func program() throws -> String {
    try Fixture.program(
      name,
      Animals.sources.map { "\(Animals.directory)/\($0).c" } + ["\(Animals.directory)/program.c"]
    )
    .path
  }
}

/// The attempts, compiled.
enum Animals {
  static let directory = "\(Fixture.tests)/ZooTests/Animals"
  static let sources = ["attempts", "controls", "files", "kernel", "memory", "network", "processes"]

  /// A plugin and a program in Swift, with attempts of their own.
  static func swiftPlugin() throws -> Fixture { try Fixture.swiftLibrary("zoo", ["\(directory)/animals.swift"]) }
  static func swiftProgram() throws -> Fixture {
    try Fixture.swiftProgram("promethean-zoo-swift", ["\(directory)/animals.swift", "-DAT_LARGE"])
  }

  /// The plugin with all of them.
  static func plugin() throws -> Fixture {
    try Fixture.library("zoo", sources.map { "\(directory)/\($0).c" } + ["\(directory)/plugin.c"])
  }
}
