internal import Foundation

/// A program that the package does not build: it checks us, or one of our servers, and ends with this object.
package final class ForeignProgram {
  private let process = Process()
  private let input = Pipe()
  private let directory: TemporaryDirectory

  /// Starts it: the words are the program and its arguments.
  package init(_ words: [String]) throws {
    directory = try TemporaryDirectory()
    let output = try FileHandle(forWritingTo: URL(filePath: directory.write("out", [])))
    process.executableURL = URL(filePath: words[0])
    process.arguments = Array(words.dropFirst())
    process.standardInput = input
    process.standardOutput = output
    process.standardError = output
    try process.run()
  }

  deinit {
    try? input.fileHandleForWriting.close()
  }

  /// What it has printed.
  package var said: String { (try? String(decoding: directory.read("out"), as: UTF8.self)) ?? "" }

  /// Waits for its end: its status.
  package func end() async throws -> Int32 {
    try await blocking { [process] in
      process.waitUntilExit()
      return process.terminationStatus
    }
  }
}
