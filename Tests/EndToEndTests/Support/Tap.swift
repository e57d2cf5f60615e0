import Envelope
import Host
import TestSupport
import Testing

/// A tap of a tenant's new messages, which sees each envelope that is recorded.
final class Tap {
  private let client: AdminClient
  private let number: Int64
  private var seen: [String] = []

  /// Begins to tap; from its return on it misses nothing.
  init(of discord: DiscordDeployment, tenant: String) throws {
    client = try discord.host.client()
    number = try client.send("tap", ["pattern": "promethean.p.discord.t.\(tenant).events.SocialMessageCreated"])
    // What one connection asks for is done in its order.
    let status = try client.send("status")
    while true {
      let event = try client.receive()
      if event.request == status { return }
      note(event)
    }
  }

  /// The ids of the envelopes that it has seen, once those are as many as are expected.
  func ids(_ count: Int) throws -> [String] {
    while seen.count < count { note(try client.receive()) }
    return seen
  }

  private func note(_ event: AdminClient.Event) {
    guard event.request == number, case .item(let item) = event.content else { return }
    seen.append(item["envelope"]?["id"]?.stringValue ?? "")
  }
}
