import Envelope
import Foundation
import Host
import Testing

extension TestHost {
  /// Lines below `plugins` that have the messages of all tenants indexed, as fast as tests write them.
  static let indexing = indexing(storage: ", rate: 100000", indexer: "    limits: { rate: 100000 }")

  /// The same, with more limits of the storage's, and more lines of the indexer's.
  static func indexing(storage limits: String = "", indexer: String = "") -> String {
    """
      storage:
        library: Storage
        trust: \(TestHost.trust)
        tenants: ["*/*"]
        grants: { fs.write: [data], clock: {}, log: {}, metrics: {} }
        limits: { memory: 256MiB, in_flight: 256, descriptors: 256\(limits) }
      message-indexer:
        library: MessageIndexer
        trust: \(TestHost.trust)
        tenants: ["*/*"]
        grants:
          subscribe:
            - promethean.p.*.t.*.events.(SocialMessageCreated|SocialMessageUpdated|SocialMessageDeleted)
            - promethean.p.*.t.*.jobs.backfill.messages.(enqueue|coverage|step)
          publish:
            - promethean.p.*.t.*.jobs.backfill.messages.(step|progress|done|error)
            - promethean.p.*.t.*.rest.request
          storage.documents: { messages: write, coverage: [read, write] }
          state: {}
          clock: {}
          log: {}
          metrics: {}
    \(indexer)
    """
  }

  /// A worker that answers wherever it is spoken to, as lines below `plugins`.
  static let replying = """
      replier:
        library: Replier
        trust: \(TestHost.trust)
        tenants: ["*/*"]
        grants:
          subscribe: ["promethean.p.*.t.*.events.SocialMessageCreated"]
          publish: ["promethean.p.*.t.*.social.PostMessage"]
          log: {}
    """

  /// What takes messages in and keeps them in the repository's own plugins.yml, without HTTP.
  static func echo(more plugins: String = "", indexer: String = "") -> String {
    """
    version: 1
    host: { http: { enabled: false } }
    tenants:
      - { provider: echo, tenant: demo }
      - { provider: echo, tenant: other }
    plugins:
      echo:
        library: Echo
        trust: \(trust)
        tenants: [echo/demo, echo/other]
        grants:
          subscribe: [promethean.p.echo.t.*.control.send, promethean.p.echo.t.*.social.PostMessage]
          publish: [promethean.p.echo.t.*.events.SocialMessageCreated]
          clock: {}
          log: {}
    \(indexing(indexer: indexer))
    \(plugins)
    """
  }

  /// How many messages the storage has of a tenant.
  func count(_ client: AdminClient, provider: String = "echo", tenant: String = "demo") throws -> Int64? {
    let topic = "promethean.p.\(provider).t.\(tenant).storage.documents.count"
    return try client.request(topic, resource: "messages")["data"]?["count"]?.intValue
  }
}

extension AdminClient {
  /// Has a message be sent, as `send` does, and does not wait for the answer.
  func send(echoing message: Message) throws(AdminClientError) -> Int64 {
    try send(
      "request",
      ["topic": "promethean.p.echo.t.demo.control.send", "intent": "send", "payload": message.json]
    )
  }

  /// The ids of all messages that the storage has of a tenant.
  func storedMessages(provider: String = "echo", tenant: String = "demo") throws -> [String] {
    try documents(provider: provider, tenant: tenant).compactMap { $0["foreign_id"]?.stringValue }
  }

  /// All messages that the storage has of a tenant, or all of another collection, page by page.
  func documents(provider: String, tenant: String, in collection: String = "messages") throws -> [JSON] {
    var documents: [JSON] = []
    var query: JSONObject = ["limit": 1000, "order": "oldest"]
    while true {
      let topic = "promethean.p.\(provider).t.\(tenant).storage.documents.query"
      let page = try #require(request(topic, .object(query), resource: collection)["data"])
      documents += page["documents"]?.arrayValue ?? []
      guard let next = page["next"], !next.isNull else { return documents }
      query["cursor"] = next
    }
  }
}
