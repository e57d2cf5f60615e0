import Envelope
import Foundation
import Host

extension TestHost {
  /// What runs in the repository's own plugins.yml, without HTTP.
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
      storage:
        library: Storage
        trust: \(trust)
        tenants: ["*/*"]
        grants: { fs.write: [data], clock: {}, log: {}, metrics: {} }
        limits: { memory: 256MiB, in_flight: 256, descriptors: 256 }
      message-indexer:
        library: MessageIndexer
        trust: \(trust)
        tenants: ["*/*"]
        grants:
          subscribe:
            - promethean.p.*.t.*.events.(SocialMessageCreated|SocialMessageUpdated|SocialMessageDeleted)
          storage.documents: { messages: write }
          clock: {}
          log: {}
          metrics: {}
    \(indexer)
    \(plugins)
    """
  }

  /// Waits until a consumer has handled all that the journal has for it.
  func waitUntilIdle(_ client: AdminClient, _ instance: String = "message-indexer") throws {
    try until("\(instance) has handled everything") {
      let instance = try client.instance(instance)
      return instance["lag"]?.intValue == 0 && instance["in_flight"]?.intValue == 0 ? () : nil
    }
  }

  /// How many messages the storage has of a tenant.
  func count(_ client: AdminClient, tenant: String = "demo", _ filters: JSON = [:]) throws -> Int64? {
    let topic = "promethean.p.echo.t.\(tenant).storage.documents.count"
    return try client.request(topic, filters, resource: "messages")["data"]?["count"]?.intValue
  }
}
