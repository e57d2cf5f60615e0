import Envelope
import Foundation
import Host
import TestSupport
import Testing

extension TestHost {
  /// Compiles a plugin of `Fixtures` by the plain C compiler into the deployment, where its id finds it.
  ///
  /// - Parameters:
  ///   - source: The file, without `.c`.
  ///   - id: The plugin's id, which stands for `ID` in the manifest too.
  ///   - manifest: The text of plugin.yml.
  ///   - names: More that is defined for the compiler.
  /// - Throws: What the compiler says.
  func compile(_ source: String, id: String, manifest: String, defining names: [String] = []) throws {
    let place = "\(directory)/plugins.d"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    let file = "\(place)/\(id).yml"
    try manifest.write(toFile: file, atomically: true, encoding: .utf8)
    let flags = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fvisibility=hidden"]
    let defines = ["-DID=\"\(id)\"", "-DMANIFEST=\"\(file)\"", "-I\(Products.headers)"] + names.map { "-D\($0)" }
    let output = ["-o", "\(place)/\(id).so", "\(Products.fixtures)/\(source).c"]
    let run = try Program(["/usr/bin/cc"] + flags + defines + output)
    try #require(run.end == .status(0), "\(run.errors)")
  }

  /// The manifest of a worker, or of another kind of plugin.
  static func worker(
    _ id: String,
    kind: String = "worker",
    abi: String = "1.1",
    inputs: [String],
    outputs: [String] = [],
    capabilities: [String]
  ) -> String {
    func list(_ name: String, _ items: [String]) -> String {
      items.isEmpty ? "" : "\n  \(name): [\(items.joined(separator: ", "))]"
    }
    let topics = { (topics: [String]) in topics.map { "{ topic: \"\($0)\" }" } }
    return """
      agent:
        id: \(id)
        kind: \(kind)
        version: 0.1.0
        abi: \(abi)\(list("inputs", topics(inputs)))\(list("outputs", topics(outputs)))\(list("capabilities", capabilities))
        config:
          type: object
          properties:
            delay_ms: { type: integer, default: 0 }
            crash_on: { type: integer, default: 0 }
            crash_at_start: { type: integer, default: 0 }
      """
  }

  /// Topics on which a plugin of `Fixtures` is asked something.
  static func requests(_ id: String) -> String { "promethean.p.echo.t.demo.\(id).*" }

  /// A deployment of plugins of `Fixtures`, for one tenant.
  ///
  /// - Parameters:
  ///   - plugins: Their ids, each with more lines of its own.
  ///   - more: More plugins.
  /// - Returns: The text of plugins.yml.
  static func fixtures(_ plugins: [(id: String, lines: [String])], more: String = "") -> String {
    let entries = plugins.map { id, lines in
      let head = """
          \(id):
            library: \(id)
            trust: unsigned
            tenants: [echo/demo]
        """
      return ([head] + lines.map { "    \($0)" }).joined(separator: "\n")
    }
    return """
      version: 1
      host: { http: { enabled: false } }
      tenants: [{ provider: echo, tenant: demo }]
      plugins:
      \(entries.joined(separator: "\n"))
      \(more)
      """
  }

  /// A deployment of consumers of numbered events.
  ///
  /// - Parameters:
  ///   - consumers: Their ids, each with more lines of its own.
  ///   - plugins: More plugins.
  /// - Returns: The text of plugins.yml.
  static func consumers(_ consumers: KeyValuePairs<String, [String]>, more plugins: String = "") -> String {
    fixtures(
      consumers.map { id, lines in
        let topics = "promethean.p.echo.t.demo.events.Numbered, \(requests(id))"
        return (id, ["grants:", "  subscribe: [\(topics)]", "  clock: {}"] + lines)
      },
      more: plugins
    )
  }

  /// Compiles a consumer of numbered events.
  func compileConsumer(_ id: String) throws {
    let inputs = ["promethean.p.echo.t.demo.events.Numbered", Self.requests(id)]
    try compile("consumer", id: id, manifest: Self.worker(id, inputs: inputs, capabilities: ["clock"]))
  }
}

extension AdminClient {
  /// Publishes a numbered event, and returns its place in the journal; nil if it is there already.
  @discardableResult
  func publish(_ number: Int, key: String = "", id: String = "") throws -> Int64? {
    let answer = try call(
      "publish",
      [
        "topic": "promethean.p.echo.t.demo.events.Numbered", "intent": "Numbered",
        "payload": ["n": .int(Int64(number))],
        "key": .string(key), "envelope_id": .string(id),
      ]
    )
    return answer["sequence"]?.intValue
  }

  /// What a consumer of numbered events says of itself.
  func report(_ id: String) throws -> JSON {
    try #require(try request("promethean.p.echo.t.demo.\(id).report")["data"])
  }
}
