internal import Foundation
internal import Host
internal import Synchronization
internal import Testing

/// A library compiled for a test.
struct Fixture {
  let path: String

  var name: String { String(path.split(separator: "/").last ?? "") }

  /// The package's directory.
  static let package: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()

  /// Where the products of this build are: beside the test bundle.
  static let products: String = {
    let bundle = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return (bundle ?? "").split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
  }()

  static let runner = products + "/promethean-runner"

  /// What was compiled so far, by what it was made with.
  private static let made = Mutex<[[String]: Fixture]>([:])

  /// Where to.
  ///
  /// Others than this user get in: a plugin's user must read its library.
  static let directory: String = {
    atexit { try? FileManager.default.removeItem(atPath: Fixture.directory) }
    return NSTemporaryDirectory() + "promethean-fixtures-\(getpid())"
  }()

  /// Compiles a plugin of `Fixtures` with the plain C compiler, once for each set of flags.
  static func compile(_ source: String = "plugin", _ flags: String...) throws -> Fixture {
    try make(source, ".so", "/usr/bin/cc", options + ["-shared", "-fPIC", "\(sources)/\(source).c"] + flags)
  }

  /// Compiles a program of `Fixtures`.
  static func program(_ source: String, _ flags: String...) throws -> Fixture {
    try make(source, "", "/usr/bin/cc", options + ["\(sources)/\(source).c"] + flags)
  }

  /// Compiles a plugin in Swift, against the header alone, by the compiler whose runtime this process has.
  static func compileSwift(_ source: String) throws -> Fixture {
    let runtime = try #require(RunnerSetup.directory(ofMapped: "libswiftCore.so"))
    let options = [
      "-emit-library", "-parse-as-library", "-swift-version", "6", "-I", "\(package)/Sources/PluginABI/include",
    ]
    return try make(source, ".so", runtime + "/../../../bin/swiftc", options + ["\(sources)/\(source).swift"])
  }

  private static let sources = "\(package)/Tests/RunnerTests/Fixtures"
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
  static func writableDirectory(_ name: String, owner: UInt32) throws -> String {
    let path = "\(directory)/\(name)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    if geteuid() == 0 { try #require(unsafe chown(path, owner, owner) == 0) }
    return path
  }

  static func run(_ program: String, _ arguments: [String]) throws {
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
