internal import Foundation
internal import Host
internal import Locking
internal import TestSupport
internal import Testing

/// A library compiled for a test.
package struct Fixture {
  package let path: String

  package init(path: String) { self.path = path }

  package var name: String { String(path.split(separator: "/").last ?? "") }

  /// The package's directory.
  package static let package: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()

  /// What was compiled so far, by what it was made with.
  private static let made = Locked<[[String]: Fixture]>([:])

  /// Where to.
  ///
  /// Others than this user get in: a plugin's user must read its library.
  package static let directory: String = {
    atexit { try? FileManager.default.removeItem(atPath: Fixture.directory) }
    return NSTemporaryDirectory() + "promethean-fixtures-\(getpid())"
  }()

  /// Compiles a plugin of the runner's tests with the plain C compiler, once for each set of flags.
  package static func compile(_ source: String = "plugin", _ flags: String...) throws -> Fixture {
    try library(source, ["\(tests)/RunnerTests/Fixtures/\(source).c"] + flags)
  }

  /// Compiles a library from sources and flags of the C compiler's.
  package static func library(_ name: String, _ arguments: [String]) throws -> Fixture {
    try make(name, ".so", "/usr/bin/cc", options + ["-shared", "-fPIC"] + arguments)
  }

  /// Compiles a program, likewise.
  package static func program(_ name: String, _ arguments: [String]) throws -> Fixture {
    try make(name, "", "/usr/bin/cc", options + arguments)
  }

  /// The program that becomes an ordinary user and then runs the runner.
  package static func becoming(_ flags: String...) throws -> String {
    try program("become", ["\(tests)/RunnerSupport/Fixtures/become.c", "-DRUNNER=\"\(Products.runner)\""] + flags).path
  }

  /// Compiles a plugin of the runner's tests in Swift.
  package static func compileSwift(_ source: String) throws -> Fixture {
    try swiftLibrary(source, ["\(tests)/RunnerTests/Fixtures/\(source).swift"])
  }

  /// Compiles a library in Swift, against the header alone.
  package static func swiftLibrary(_ name: String, _ arguments: [String]) throws -> Fixture {
    try make(name, ".so", swiftc(), swiftOptions + ["-emit-library"] + arguments)
  }

  /// Compiles a program in Swift, likewise.
  package static func swiftProgram(_ name: String, _ arguments: [String]) throws -> Fixture {
    try make(name, "", swiftc(), swiftOptions + arguments)
  }

  /// The compiler whose runtime this process has.
  private static func swiftc() throws -> String {
    try #require(RunnerSetup.directory(ofMapped: "libswiftCore.so")) + "/../../../bin/swiftc"
  }

  /// Where the tests' sources are.
  package static let tests = "\(package)/Tests"
  private static let swiftOptions = [
    "-parse-as-library", "-swift-version", "6", "-I", "\(package)/Sources/PluginABI/include",
  ]
  private static let options = [
    "-Wall", "-Werror", "-D_GNU_SOURCE", "-I", "\(package)/Sources/PluginABI/include", "-pthread",
  ]

  private static func make(_ name: String, _ suffix: String, _ compiler: String, _ arguments: [String]) throws
    -> Fixture
  {
    try made.withLock { made in
      if let fixture = made[arguments] { return fixture }
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      let fixture = Fixture(path: "\(directory)/\(name)\(made.count)\(suffix)")
      try run(compiler, arguments + ["-o", fixture.path])
      made[arguments] = fixture
      return fixture
    }
  }

  /// A directory of its own that the plugin's user can write to.
  package static func writableDirectory(_ name: String, owner: UInt32) throws -> String {
    let path = "\(directory)/\(name)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    if geteuid() == 0 { try #require(unsafe chown(path, owner, owner) == 0) }
    return path
  }

  package static func run(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(program) \(arguments.joined(separator: " ")): \(text)")
  }
}
