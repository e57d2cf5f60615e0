internal import Foundation

/// A model that `scripts/setup --models` has installed, and what others' programs make of texts with it.
package enum ModelReference {
  /// The name of the model.
  package static let name = "all-MiniLM-L6-v2"
  /// Where it is.
  package static let directory = "\(Products.package)/var/data/embedder/models/\(name)"

  /// Whether it is there; says so if it is not.
  package static func isThere() -> Bool {
    if FileManager.default.fileExists(atPath: "\(directory)/model.safetensors") { return true }
    Products.say("not tried with \(name): it is not in \(directory); scripts/setup --models installs it")
    return false
  }

  /// The texts of real messages, from the mission's data; empty, having said so, if those are not there.
  package static func messages() -> [String] {
    let path = "\(Products.package)/../shared/data/messages.ndjson"
    guard let file = try? String(contentsOfFile: path, encoding: .utf8) else {
      Products.say("not tried with real messages: \(path) is not there")
      return []
    }
    return file.split(separator: "\n").compactMap { line in
      let message = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return message?["text"] as? String
    }
  }

  /// What one of the programs in `Tests/Fixtures/ModelReference` makes of some JSON; nil, having said so, if there is no
  /// Python with the packages that it needs.
  package static func run<Input: Encodable & Sendable, Output: Decodable & Sendable>(
    _ program: String,
    packages: [String],
    before: [String],
    _ input: Input,
    after: [String] = []
  ) async throws -> Output? {
    guard let python = try await blocking({ Python.having(packages) }) else { return nil }
    let directory = try TemporaryDirectory()
    let file = try directory.write("in.json", Array(JSONEncoder().encode(input)))
    let script = "\(Products.package)/Tests/Fixtures/ModelReference/\(program)"
    let words = python + [script] + before + [file] + after + [directory.file("out.json")]
    let process = try ForeignProgram(words)
    guard try await process.end() == 0 else {
      throw CocoaError(.executableLoad, userInfo: [NSLocalizedDescriptionKey: process.said])
    }
    return try JSONDecoder().decode(Output.self, from: Data(directory.read("out.json")))
  }
}
