import Envelope
import Foundation
import TestSupport

/// One run of a program, such as `promethean` with some words behind it: what it printed and how it ended.
struct Program {
  let end: ChildProcess.End
  let output: String
  let errors: String

  var lines: [String] { output.split(separator: "\n").map(String.init) }

  /// The output as JSON, one value a line.
  var json: [JSON] {
    get throws { try lines.map { try JSON.parse($0) } }
  }

  /// Runs a program to its end.
  init(_ words: [String], seconds: Int = 60) throws {
    let directory = try TemporaryDirectory()
    let child = try ChildProcess(words, output: directory.file("out"), errors: directory.file("err"))
    end = try child.wait(seconds: seconds)
    output = String(decoding: try directory.read("out"), as: UTF8.self)
    errors = String(decoding: try directory.read("err"), as: UTF8.self)
  }
}
