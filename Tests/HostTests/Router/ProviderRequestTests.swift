import CChannel
import Envelope
import PluginABI
import Signing
import Testing

@testable import Host

/// Requests to a provider's own interface, `rest.request`: who may ask, and who answers.
@Suite struct ProviderRequestTests {
  private static func topic(_ tenant: String) -> String { "promethean.p.echo.t.\(tenant).rest.request" }
  private let harness: RouterHarness

  init() throws {
    harness = try RouterHarness { fixture in
      fixture.files["plugins.yml"] = """
        version: 1
        host: { keys: [\(ManifestFixture.key.publicKey)] }
        tenants:
          - { provider: echo, tenant: red }
          - { provider: echo, tenant: green }
        plugins:
          watcher:
            library: Watcher
            tenants: ["*/*"]
            grants: { subscribe: ["promethean.p.*.t.*.rest.>"] }
          gate:
            library: Gate
            tenants: ["echo/*"]
            grants: { subscribe: ["promethean.p.echo.t.*.rest.request"], provider.rest.call: ["GET *"] }
          asker:
            library: Asker
            tenants: ["*/*"]
            grants:
              subscribe: ["promethean.p.*.t.*.events.Ping"]
              publish: ["promethean.p.echo.t.red.rest.request", "promethean.p.echo.t.*.jobs.>"]

        """
      fixture.manifests = [
        "Watcher": Self.manifest("watcher", "service", "promethean.p.*.t.*.rest.>"),
        "Gate": Self.manifest(
          "gate",
          "access",
          "promethean.p.echo.t.*.rest.request",
          "\n  provider: echo\n  capabilities: [provider.rest.call]"
        ),
        "Asker": Self.manifest(
          "asker",
          "worker",
          "promethean.p.*.t.*.events.Ping",
          "\n  outputs: [{ topic: \"promethean.p.*.t.*.>\" }]"
        ),
      ]
    }
  }

  private static func manifest(_ id: String, _ kind: String, _ input: String, _ more: String = "") -> String {
    """
    agent:
      id: \(id)
      kind: \(kind)
      version: 0.1.0
      abi: 1.1
      inputs: [{ topic: "\(input)" }]\(more)

    """
  }

  private func ask(_ asker: FakePlugin, _ tenant: String) throws {
    let request = Envelope(topic: Self.topic(tenant), intent: "RestRequest", payload: Array("{}".utf8))
    asker.send(WIRE_REQUEST, token: 5, try request.binary())
  }

  /// Answers the next request that an instance is given, and returns it.
  private func answer(_ gate: FakePlugin, _ payload: String) throws -> Envelope {
    var asked: Envelope?
    try harness.run {
      guard let delivery = gate.deliveries().first else { return false }
      asked = try delivery.envelope
      let answer = Envelope(topic: "", intent: "RestResponse", payload: Array(payload.utf8))
      gate.send(WIRE_RESPOND, PROMETHEAN_OK, token: delivery.token, try answer.binary())
      return true
    }
    return try #require(asked)
  }

  @Test func `a worker that is granted the topic is answered by the instance of that tenant`() throws {
    let (asker, red) = (try harness.start("asker"), try harness.start("gate@red"))
    let (green, watcher) = (try harness.start("gate@green"), try harness.start("watcher"))
    let head = harness.router.head
    try ask(asker, "red")
    let asked = try answer(red, #"{"status":200}"#)
    #expect(asked.flags == .request && asked.src == "asker" && asked.tenant == "red" && asked.deadline > asked.ts)
    var heard: FakePlugin.Received?
    try harness.run {
      heard = asker.receive().first { $0.op == WIRE_RESULT_ENVELOPE && $0.token == 5 }
      return heard != nil
    }
    let response = try #require(try heard?.envelope)
    #expect(response.src == "gate" && response.flags == .response && response.intent == "RestResponse")
    #expect(response.payload == Array(#"{"status":200}"#.utf8))
    #expect(harness.router.head > head, "what is asked of a provider is recorded")
    #expect(green.deliveries().isEmpty)
    // It is before the other in plugins.yml, and sees the request; who answers is the one with the credential.
    try harness.run { watcher.deliveries().count == 1 }
  }

  @Test func `a worker that is not granted the topic is refused`() throws {
    let (asker, green) = (try harness.start("asker"), try harness.start("gate@green"))
    try ask(asker, "green")
    var heard: FakePlugin.Received?
    try harness.run {
      heard = asker.receive().first { $0.token == 5 }
      return heard != nil
    }
    let refusal = try #require(heard)
    #expect(refusal.op == WIRE_RESULT && refusal.argument == PROMETHEAN_DENIED)
    let why = String(decoding: refusal.body, as: UTF8.self)
    #expect(why.contains("request \(Self.topic("green")): grants.publish does not include it"))
    #expect(green.deliveries().isEmpty)
  }

  @Test func `a client's request is answered by the instance of that tenant`() throws {
    let (red, green) = (try harness.start("gate@red"), try harness.start("gate@green"))
    let waiting = harness.request(Self.topic("green")) { $0.intent = "RestRequest" }
    #expect(try answer(green, "[]").tenant == "green")
    var results: [Result<Envelope, RequestFailure>] = []
    try harness.run {
      results += waiting.results
      return !results.isEmpty
    }
    #expect(try results.first?.get().payload == Array("[]".utf8))
    #expect(red.deliveries().isEmpty)
  }

  @Test func `one that nobody waits for any more is not performed`() throws {
    let late = harness.request(Self.topic("red")) { ($0.intent, $0.deadline) = ("Late", 1) }
    var results: [Result<Envelope, RequestFailure>] = []
    try harness.run {
      results += late.results
      return !results.isEmpty
    }
    guard case .failure(let failure)? = results.first else { throw Answer.Unexpected("\(results)") }
    #expect(failure.status == PROMETHEAN_TIMEOUT)
    let red = try harness.start("gate@red")
    _ = harness.request(Self.topic("red")) { $0.intent = "InTime" }
    #expect(try answer(red, "[]").intent == "InTime")
  }
}
