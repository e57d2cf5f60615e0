import Foundation
import Testing

extension TestHost {
  /// Compiles a plugin of `Fixtures` by the plain C compiler into the deployment, where its id finds it.
  ///
  /// - Parameters:
  ///   - source: The file, without `.c`.
  ///   - id: The plugin's id, which stands for `ID` in the manifest too.
  ///   - manifest: The text of plugin.yml.
  /// - Throws: What the compiler says.
  func compile(_ source: String, id: String, manifest: String) throws {
    let place = "\(directory)/plugins.d"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    let file = "\(place)/\(id).yml"
    try manifest.write(toFile: file, atomically: true, encoding: .utf8)
    let flags = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fvisibility=hidden"]
    let defines = ["-DID=\"\(id)\"", "-DMANIFEST=\"\(file)\"", "-I\(Products.headers)"]
    let output = ["-o", "\(place)/\(id).so", "\(Products.fixtures)/\(source).c"]
    let run = try Program(["/usr/bin/cc"] + flags + defines + output)
    try #require(run.end == .status(0), "\(run.errors)")
  }

  /// The manifest of a worker.
  static func worker(_ id: String, inputs: [String], outputs: [String] = [], capabilities: [String]) -> String {
    func list(_ name: String, _ items: [String]) -> String {
      items.isEmpty ? "" : "\n  \(name): [\(items.joined(separator: ", "))]"
    }
    let topics = { (topics: [String]) in topics.map { "{ topic: \"\($0)\" }" } }
    return """
      agent:
        id: \(id)
        kind: worker
        version: 0.1.0
        abi: 1.0\(list("inputs", topics(inputs)))\(list("outputs", topics(outputs)))\(list("capabilities", capabilities))
        config:
          type: object
          properties: { delay_ms: { type: integer, default: 0 } }
      """
  }
}
