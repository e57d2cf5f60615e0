import Envelope
import Foundation
import Host
import TestSupport
import Testing

/// A deployment in which what is attached to messages is fetched from a web server of the test's own, and kept.
final class AttachmentDeployment {
  /// Started once for all tests.
  private static let shared = Result { try WebServer() }

  let server: WebServer
  let host: TestHost
  let client: AdminClient

  /// With more plugins, if there are to be any.
  init(more: String = "") throws {
    server = try Self.shared.get()
    let (plain, other) = (server.ports["plain"] ?? 0, server.ports["other"] ?? 0)
    host = try TestHost(Self.yaml(plain: plain, other: other, more: more))
    try host.start()
    client = try host.client()
  }

  private static func yaml(plain: UInt16, other: UInt16, more: String) -> String {
    """
    version: 1
    host: { http: { enabled: false } }
    tenants: [{ provider: echo, tenant: demo }, { provider: echo, tenant: other }]
    plugins:
      fetch:
        library: Fetch
        trust: \(TestHost.trust)
        tenants: ["*/*"]
        grants:
          # The server by name, and the public network.
          net.dial: ["127.0.0.1:\(plain)", "127.0.0.1:\(other)", "*:80", "*:443"]
          fs.write: [blobs]
          clock: {}
          log: {}
        limits: { in_flight: 256, descriptors: 256 }
      storage:
        library: Storage
        trust: \(TestHost.trust)
        tenants: ["*/*"]
        grants: { fs.write: [data], clock: {}, log: {}, metrics: {} }
        limits: { memory: 256MiB, in_flight: 256, descriptors: 256, file_size: 8MiB }
      attachment-indexer:
        library: AttachmentIndexer
        trust: \(TestHost.trust)
        tenants: ["*/*"]
        grants:
          subscribe:
            - promethean.p.*.t.*.events.(SocialMessageCreated|SocialMessageUpdated|SocialMessageDeleted)
          http.fetch:
            "GET http://127.0.0.1:\(plain)/*": 4MiB
            "GET http://127.0.0.1:\(other)/*": 64KiB
            # Any host there is, which is not where any of them may lead.
            "GET http://*/*": 1MiB
          storage.documents: { attachments: [read, write] }
          storage.blobs: { attachments: write }
          clock: {}
          log: {}
          metrics: {}
        config: { bytes_max: 1MiB, timeout: 3s }
    \(more)
    """
  }

  /// Has another model make the vectors from now on.
  func change(model: String) throws {
    let (plain, other) = (server.ports["plain"] ?? 0, server.ports["other"] ?? 0)
    try host.write(Self.yaml(plain: plain, other: other, more: Self.seeing(model: model)))
    let applied = try host.run("apply", "--approve")
    #expect(applied.end == .status(0), "\(applied.errors)")
  }

  /// A URL of the web server.
  func url(_ path: String, on name: String = "plain") -> String { server.url(path, on: name, host: "127.0.0.1") }

  /// A URL that answers with bytes, under a media type.
  func url(of bytes: [UInt8], type: String = "") -> String {
    url("/bytes?hex=\(Hex.encode(bytes))&type=\(type)&hm=secret")
  }

  /// Says that something has come of a message.
  func publish(
    _ name: String,
    _ id: String,
    at time: String,
    _ attachments: [JSON]? = nil,
    author: String = "ada",
    tenant: String = "demo"
  ) throws {
    let key = ["SocialMessageCreated": "created_at", "SocialMessageDeleted": "deleted_at"][name] ?? "edited_at"
    var message: JSONObject = [
      "message_id": .string(id), "author_urn": .string("urn:echo:user:\(tenant):\(author)"),
      "space_urn": .string("urn:echo:space:\(tenant):\(id)"), key: .string(time), "provider": "echo",
      "tenant": .string(tenant),
    ]
    message["attachments"] = attachments.map { .array($0) }
    try client.call(
      "publish",
      [
        "topic": .string("promethean.p.echo.t.\(tenant).events.\(name)"), "intent": .string(name),
        "payload": .object(message), "key": .string(id),
      ]
    )
  }

  /// Asks the storage about the collection of attachments.
  func ask(_ operation: String, _ payload: JSON, tenant: String = "demo") throws -> JSON {
    try client.request("promethean.p.echo.t.\(tenant).storage.\(operation)", payload, resource: "attachments")
  }

  /// The documents of attachments, by the attachment's id, once there are as many.
  func documents(_ count: Int, of message: String, tenant: String = "demo") throws -> [String: JSON] {
    try host.until("\(count) attachments of \(message)") { () -> [String: JSON]? in
      let answer = try ask("documents.query", ["thread": .string(message)], tenant: tenant)
      let page = answer["data"]?["documents"]?.arrayValue ?? []
      guard page.count == count else { return nil }
      return Dictionary(uniqueKeysWithValues: page.map { ($0["body"]?["attachment_id"]?.stringValue ?? "", $0) })
    }
  }

  /// The files that the storage has of a tenant's blobs.
  func blobFiles(tenant: String = "demo") -> [String] {
    let place = "\(host.directory)/var/data/storage/data/echo.\(tenant).blobs"
    return (FileManager.default.subpaths(atPath: place) ?? []).filter { $0.contains("/") }
  }

  /// The files that Fetch has kept for the tenant.
  func fetchedFiles() -> [String] {
    let place = "\(host.directory)/var/data/fetch/blobs/echo.demo"
    return (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
  }
}
