package import Envelope
internal import Foundation
internal import Glibc

/// A server of the tests' own in Python: a program that says in one line of JSON where it listens, and ends with its
/// standard input; it is told and asked things on a port for that (see Tests/Fixtures/ServerSupport).
package final class PythonServer: Sendable {
  /// Why it could not be started, or did not do as it was told.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// What it has said.
  package let said: JSON
  /// Where it listens: `plain` and `control`.
  package let ports: [String: UInt16]
  private let program: String
  private let options: [String]
  private let process: Process
  private let input: FileHandle

  /// The options of these programs that say where to listen.
  private static let flags = [("plain", "--port"), ("control", "--control-port")]

  /// Starts a program; at the ports that are given, or where the kernel likes.
  package init(_ program: String, _ options: [String], ports: [String: UInt16] = [:]) async throws {
    (self.program, self.options) = (program, options)
    var words = Python.own + ["-W", "ignore", program, "--tests"] + options
    for (name, flag) in Self.flags {
      if let port = ports[name] { words += [flag, "\(port)"] }
    }
    let (input, output) = (Pipe(), Pipe())
    process = Process()
    process.executableURL = URL(filePath: words.removeFirst())
    process.arguments = words
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    self.input = input.fileHandleForWriting
    let line = try await blocking { try Self.line(output.fileHandleForReading, of: program) }
    let said = try JSON.parse(line)
    self.said = said
    self.ports = Dictionary(
      uniqueKeysWithValues: Self.flags.compactMap { name, _ in
        said[name]?.intValue.flatMap(UInt16.init(exactly:)).map { (name, $0) }
      }
    )
  }

  deinit {
    try? input.close()
  }

  /// The first line of what it prints.
  private static func line(_ output: FileHandle, of program: String) throws -> String {
    var line = Data()
    while line.last != UInt8(ascii: "\n") {
      guard let byte = try output.read(upToCount: 1), !byte.isEmpty else {
        throw Failure(description: "\(program) ended before it listened")
      }
      line += byte
    }
    return String(decoding: line, as: UTF8.self)
  }

  /// Starts the program again, with the same options and where it listened before.
  package func started() async throws -> PythonServer { try await PythonServer(program, options, ports: ports) }

  /// Kills it, as `kill -9` does.
  package func kill() {
    _ = Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
