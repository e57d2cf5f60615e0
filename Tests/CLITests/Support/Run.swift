import Glibc

@testable import CLI

/// What a command line printed and how it ended.
struct Run {
  let code: ExitCode
  let output: String
  let errors: String

  var lines: [String] { output.split(separator: "\n").map(String.init) }

  /// Runs the program in this process.
  init(_ words: String..., environment: [String: String] = [:], input: String = "") {
    self.init(words, environment: environment, input: input)
  }

  init(_ words: [String], environment: [String: String] = [:], input text: String = "") {
    let directory = TemporaryDirectory()
    let (input, output, errors) = (directory.open("input"), directory.open("output"), directory.open("errors"))
    _ = unsafe write(input, text, text.utf8.count)
    lseek(input, 0, SEEK_SET)
    defer {
      close(input)
      close(output)
      close(errors)
    }
    code = Program(environment: environment, input: input, output: output, errors: errors).run(words)
    self.output = Self.contents(of: output)
    self.errors = Self.contents(of: errors)
  }

  private static func contents(of descriptor: Int32) -> String {
    lseek(descriptor, 0, SEEK_SET)
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe read(descriptor, &chunk, chunk.count)
      guard count > 0 else { return String(decoding: text, as: UTF8.self) }
      text += chunk[..<count]
    }
  }
}
