import Foundation
import Testing

/// Debian's minisign, to which our files must be as good as its own.
enum Minisign {
  private static let path = "/usr/bin/minisign"

  /// Whether the tests that need it can run; `scripts/setup` installs it.
  static let isThere = FileManager.default.isExecutableFile(atPath: path)
  static let absence: Comment = "no minisign on this machine; scripts/setup installs it"

  struct Result {
    var code: Int32
    var text: String
  }

  /// Runs it, with a password on its standard input if it asks for one.
  static func run(_ words: String..., input: String = "") throws -> Result { try run(words, input: input) }

  static func run(_ words: [String], input: String = "") throws -> Result {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = words
    let (given, said) = (Pipe(), Pipe())
    process.standardInput = given
    process.standardOutput = said
    process.standardError = said
    try process.run()
    try given.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try given.fileHandleForWriting.close()
    let text = try said.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Result(code: process.terminationStatus, text: String(decoding: text, as: UTF8.self))
  }
}
