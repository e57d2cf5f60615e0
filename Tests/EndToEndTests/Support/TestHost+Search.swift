import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension TestHost {
  /// The model that needs no files.
  private static let hashing = "feature-hashing"

  /// Lines below `plugins` that have messages found by their words and by a model's vectors.
  ///
  /// - Parameters:
  ///   - model: The reference's, or any name of one that hashes.
  ///   - rate: Envelopes a second that whoever has vectors made may send.
  /// - Returns: The lines.
  static func searching(model: String = hashing, rate: Int = 2000) -> String {
    """
      embedder:
        library: Embedder
        trust: \(trust)
        tenants: ["*/*"]
        grants: { \(model == ModelReference.name ? "fs.read: [models], " : "")clock: {}, log: {}, metrics: {} }
        limits: { memory: 256MiB, in_flight: 256 }
        config:
          threads: 2
          models:
            - { name: \(hashing) }
            \(model == hashing ? "" : "- { name: \(model), engine: \(model == ModelReference.name ? "transformer" : hashing) }")
      message-embedder:
        library: MessageEmbedder
        trust: \(trust)
        tenants: ["*/*"]
        grants:
          subscribe: ["promethean.p.*.t.*.events.(SocialMessageCreated|SocialMessageUpdated)"]
          embed.text: [\(model)]
          storage.vectors: { messages: [read, write] }
          clock: {}
          log: {}
          metrics: {}
        limits: { rate: \(rate) }
        config: { model: \(model), interval: 1s }
      search:
        library: Search
        trust: \(trust)
        tenants: ["*/*"]
        grants:
          embed.text: ["*"]
          storage.documents: { messages: read }
          storage.vectors: { messages: read }
          clock: {}
          log: {}
          metrics: {}
    """
  }

  /// Puts the reference's model where the embedder is granted to read.
  func installModel() throws {
    let models = "\(directory)/var/data/embedder/models"
    try FileManager.default.createDirectory(atPath: models, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: ModelReference.directory,
      toPath: "\(models)/\(ModelReference.name)"
    )
    // The plugin is another user, where the host is root.
    for path in ["\(directory)/var/data", "\(directory)/var/data/embedder", models] {
      try #require(unsafe chmod(path, 0o755) == 0)
    }
  }

  /// Waits until so many messages of a tenant have a vector of a model that is searched.
  func waitForVectors(_ count: Int, of model: String, tenant: String = "demo") throws {
    _ = try until("\(count) messages have a vector of \(model)") {
      let topic = "promethean.p.echo.t.\(tenant).storage.vectors"
      let current = try client().request("\(topic).models", resource: "messages")["data"]?["current"]?["name"]
      guard current?.stringValue == model else { return nil as Bool? }
      let found = try client().request("\(topic).count", resource: "messages")["data"]?["count"]?.intValue
      return found == Int64(count) ? true : nil
    }
  }

  /// The ids of the messages that a search finds, best first.
  func search(_ text: String, tenant: String = "demo", limit: Int = 5) throws -> [String] {
    let answer = try client().request(
      "promethean.p.echo.t.\(tenant).search.messages",
      ["text": .string(text), "limit": .int(Int64(limit))]
    )
    let results = try #require(answer["data"]?["results"]?.arrayValue, "\(answer)")
    return results.compactMap { $0["foreign_id"]?.stringValue }
  }
}
