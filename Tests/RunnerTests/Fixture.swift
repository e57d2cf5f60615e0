internal import Foundation
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

  /// The libraries compiled so far, by what they were made from.
  private static let made = Mutex<[[String]: Fixture]>([:])
  private static let directory = NSTemporaryDirectory() + "promethean-fixtures-\(getpid())"

  /// Compiles a source of `Fixtures` with the plain C compiler, once for each set of flags.
  static func compile(_ source: String = "plugin", _ flags: String...) throws -> Fixture {
    try made.withLock { made in
      if let fixture = made[[source] + flags] { return fixture }
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      let fixture = Fixture(path: "\(directory)/lib\(source)\(made.count).so")
      let input = "\(package)/Tests/RunnerTests/Fixtures/\(source).c"
      let options = ["-shared", "-fPIC", "-Wall", "-I", "\(package)/Sources/PluginABI/include", "-pthread", input]
      try run("/usr/bin/cc", options + flags + ["-o", fixture.path])
      made[[source] + flags] = fixture
      return fixture
    }
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
