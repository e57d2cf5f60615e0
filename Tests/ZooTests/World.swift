internal import CLinux
internal import Foundation
internal import RunnerSupport
internal import Testing

/// What one attempt is let loose in: files, sockets, and a process that plays the host.
///
/// All of it belongs to the plugin's user and is open to it, so that nothing but the sandbox is in the way.
final class World {
  /// What nobody tells the plugin.
  static let secret = String((0..<24).map { _ in "abcdefghijkmnpqrstuvwxyz".randomElement() ?? "a" })

  let directory: String
  var outside: String { "\(directory)/outside" }
  var readable: String { "\(directory)/readable" }
  var writable: String { "\(directory)/writable" }
  let listeners: Listeners
  let prey: AtLarge

  /// Bytes of the secret file: a number that nobody tells either.
  private let size = Int.random(in: 20_000..<60_000)
  private let shared: String
  private var facts: [String: String]

  init(for user: UInt32) throws {
    directory = "\(Fixture.directory)/zoo-\(UUID().uuidString)"
    shared = "/dev/shm/promethean-zoo-\(UUID().uuidString)"
    facts = [:]
    listeners = try Listeners(beside: directory)
    prey = try AtLarge(user: user)
    for path in [directory, outside, readable, writable] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    let payload = try Self.payload()
    let padding = String(repeating: "x", count: size - Self.secret.count - 1)
    try Data("\(Self.secret)\n\(padding)".utf8).write(to: URL(filePath: "\(outside)/secret"))
    try Data(Self.secret.utf8).write(to: URL(filePath: shared))
    try Data("to be read\n".utf8).write(to: URL(filePath: "\(readable)/text"))
    try Data("its own\n".utf8).write(to: URL(filePath: "\(writable)/own"))
    for place in [outside, readable] { try Data(payload).write(to: URL(filePath: "\(place)/payload.so")) }
    try FileManager.default.createSymbolicLink(atPath: "\(readable)/link", withDestinationPath: "\(outside)/secret")
    for path in try FileState.paths(below: directory) + [directory, shared, listeners.path] where geteuid() == 0 {
      try #require(unsafe lchown(path, user, user) == 0)
    }
    try #require(unsafe chmod("\(outside)/secret", 0o600) == 0)
    facts = listeners.facts
    facts.merge(["outside": outside, "readable": readable, "writable": writable]) { _, new in new }
    facts["shared"] = shared
    facts["host"] = String(prey.pid)
    for line in try prey.tell("attempt=none\nsecret=\(outside)/secret\ncanary=\(Self.secret)") {
      let parts = line.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { facts[String(parts[0])] = String(parts[1]) }
    }
  }

  deinit {
    try? FileManager.default.removeItem(atPath: directory)
    try? FileManager.default.removeItem(atPath: shared)
  }

  /// What an attempt is told: its name, its argument, and a fact a line.
  func message(_ attempt: String, _ argument: String = "") -> String {
    var argument = argument
    for (name, value) in facts { argument = argument.replacingOccurrences(of: "{\(name)}", with: value) }
    let lines = ["attempt=\(attempt)", "argument=\(argument)"] + facts.map { "\($0)=\($1)" }
    return lines.joined(separator: "\n")
  }

  /// What only who got at it can say: the secret in its many places, the size of its file, who may log in, what this
  /// process was started with and what the prey is called.
  var canaries: [String] {
    let passwd = (try? String(contentsOfFile: "/etc/passwd", encoding: .utf8)) ?? ""
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let line = passwd.split(separator: "\n").first.map(String.init) ?? ""
    return [Self.secret, "\(size) bytes", line, "PATH=\(path)", AtLarge.name]
  }

  /// A library that says the secret to who can run it.
  private static func payload() throws -> [UInt8] {
    let source = "\(Fixture.tests)/ZooTests/Animals/payload.c"
    let library = try Fixture.library("payload", [source, "-DCANARY=\"\(secret)\""])
    return try [UInt8](Data(contentsOf: URL(filePath: library.path)))
  }
}
