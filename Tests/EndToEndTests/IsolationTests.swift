import Envelope
import Host
import TenantSupport
import TestSupport
import Testing

extension EndToEnd {
  /// Tenants never see each other's documents, vectors or blobs, through the real host and in the real sandbox.
  @Suite struct IsolationTests {
    private static let steps = Products.isSoak ? 40_000 : 400
    /// How often the storage is killed on the way.
    private static let kills = 3

    private static let manifest = """
      version: 1
      host: { http: { enabled: false } }
      tenants: [\(TenantTrial.names.map { "{ provider: \($0), tenant: \($1) }" }.joined(separator: ", "))]
      plugins:
        storage:
          library: Storage
          trust: \(TestHost.trust)
          tenants: ["*/*"]
          grants: { fs.write: [data], clock: {}, log: {}, metrics: {} }
          limits: { memory: 256MiB, in_flight: 256, descriptors: 256, rate: 100000 }
          config: { sync: normal }
      """

    @Test func `every answer is the tenant's own, and no file and no line of the log has another's word`() async throws
    {
      let host = try TestHost(Self.manifest)
      try host.start()
      let client = try host.client()
      var trial = TenantTrial(seed: Products.seed("what tenants ask the real storage for"))
      for step in 1...Self.steps {
        try await trial.step { tenant, exchange in try client.answer(tenant, exchange) }
        guard step.isMultiple(of: Self.steps / (Self.kills + 1)) else { continue }
        let pid = try client.instance("storage")["pid"]
        try client.kill("storage")
        try host.until("the storage is there again") {
          let storage = try client.instance("storage")
          return storage["pid"] != pid && storage["state"] == "RUNNING" ? () : nil
        }
        trial.restart()
      }
      #expect(try host.stop() == .status(0))
      try trial.check("\(host.directory)/var/data/storage/data")
      let log = String(decoding: try FileBytes.read("\(host.directory)/var/log/host.log"), as: UTF8.self)
      for tenant in trial.tenants { #expect(!log.contains(tenant.canary)) }
    }
  }
}

extension AdminClient {
  /// What is answered to a request of a tenant's; what is no JSON goes as a text.
  fileprivate func answer(_ tenant: TenantModel, _ exchange: Exchange) throws -> TenantAnswer {
    let payload = (try? JSON.parse(exchange.payload)) ?? .string(String(decoding: exchange.payload, as: UTF8.self))
    let topic = "promethean.p.\(tenant.provider).t.\(tenant.tenant).storage.\(exchange.operation)"
    do {
      let answer = try call(
        "request",
        [
          "topic": .string(topic), "intent": .string(exchange.operation), "payload": payload,
          "resource": .string(exchange.collection), "timeout_ms": .int(TestHost.patience),
        ]
      )
      let envelope = answer["envelope"]
      if let data = envelope?["data"] { return .json(data) }
      // No bytes are not told of.
      return .bytes(envelope?["data_base64"]?.stringValue.flatMap(Base64.decode) ?? [])
    } catch AdminClientError.refused(_, let message) {
      return .refusal(message)
    }
  }
}
