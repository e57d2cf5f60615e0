import Envelope
import Foundation
import Host
import TestSupport
import Testing

extension AttachmentDeployment {
  /// What has vectors made of pictures, by one of two models that are served, and finds what looks alike.
  static func seeing(model: String = "looks") -> String {
    """
      embedder:
        library: Embedder
        trust: \(TestHost.trust)
        tenants: ["*/*"]
        grants: { storage.blobs: { attachments: read }, clock: {}, log: {}, metrics: {} }
        limits: { memory: 256MiB, in_flight: 256 }
        config:
          models:
            - { name: looks, engine: image-descriptor }
            - { name: looks-again, engine: image-descriptor }
      attachment-embedder:
        library: AttachmentEmbedder
        trust: \(TestHost.trust)
        tenants: ["*/*"]
        grants:
          subscribe: ["promethean.p.*.t.*.events.(SocialMessageCreated|SocialMessageUpdated)"]
          embed.image: ["looks*"]
          storage.vectors: { attachments: [read, write] }
          clock: {}
          log: {}
          metrics: {}
        config: { model: \(model), interval: 2s }
      search:
        library: Search
        trust: \(TestHost.trust)
        tenants: ["*/*"]
        grants:
          storage.documents: { attachments: read }
          storage.vectors: { attachments: read }
          log: {}
          metrics: {}
    """
  }

  /// Posts a message with pictures.
  func post(_ id: String, _ pictures: [[UInt8]], tenant: String = "demo") throws {
    let attachments = try pictures.enumerated().map { number, bytes -> JSON in
      let file = "\(host.directory)/\(tenant)-\(id)-\(number)"
      try Data(bytes).write(to: URL(filePath: file))
      return [
        "urn": .string("urn:echo:attachment:\(tenant):\(number)"), "url": .string(url("/file?path=\(file)")),
      ]
    }
    try publish("SocialMessageCreated", id, at: "2026-01-01T00:00:00Z", attachments, tenant: tenant)
  }

  /// What looks like an attachment or a message, best first, with how alike.
  func alike(_ id: String, tenant: String = "demo") throws -> [(id: String, score: Double)] {
    let topic = "promethean.p.echo.t.\(tenant).search.messages"
    let answer = try client.request(topic, ["like": .string(id), "limit": 50])
    let results = try #require(answer["data"]?["results"]?.arrayValue, "\(answer)")
    return results.map { ($0["foreign_id"]?.stringValue ?? "", $0["score"]?.doubleValue ?? 0) }
  }

  /// Returns when so many attachments of a tenant have a vector of a model, which is the current one.
  func waitForVectors(_ count: Int, of model: String = "looks", tenant: String = "demo") throws {
    try host.until("\(count) attachments have a vector of \(model)") {
      let current = try ask("vectors.models", [:], tenant: tenant)["data"]?["current"]?["name"]
      let found = try ask("vectors.count", [:], tenant: tenant)["data"]?["count"]?.intValue
      return current?.stringValue == model && found == Int64(count) ? () : nil
    }
  }
}
