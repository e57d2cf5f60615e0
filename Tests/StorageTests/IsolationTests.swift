import Envelope
import PluginKit
import TenantSupport
import TestSupport
import Testing

/// Tenants never see each other's documents, vectors or blobs, whatever they have in common and whatever is asked.
@Suite(.timeLimit(.minutes(Products.isSoak ? 60 : Patience.minutes))) struct IsolationTests {
  private static let steps = Products.isSoak ? 200_000 : 2_000
  /// After how many requests the storage ends without a word, on average.
  private static let restartEvery = 150

  private static let config: JSONObject = ["sync": "normal"]

  @Test func `every answer is what the tenant's own requests make it, and no file has another's word`() async throws {
    var storage = try await StorageFixture(config: Self.config)
    var trial = TenantTrial(seed: Products.seed("what tenants ask for"))
    for _ in 0..<Self.steps {
      if trial.restarts(every: Self.restartEvery) {
        // What it would do on its own is done: an instance that is gone has no clock, but a process does nothing more.
        await storage.host.settle(rounds: 2_000)
        let host = try await StorageFixture.boot(storage.directory, Self.config)
        await storage.host.destroy()
        storage = StorageFixture(storage.directory, host)
        trial.restart()
      }
      try await trial.step { [storage] in try await storage.answer($0, $1) }
    }
    try await storage.host.stop()
    try trial.check(storage.directory.path)
  }
}

extension StorageFixture {
  /// What is answered to a request of a tenant's.
  fileprivate func answer(_ tenant: TenantModel, _ exchange: Exchange) async throws -> TenantAnswer {
    var request = Self.request(
      exchange.operation,
      [:],
      provider: tenant.provider,
      tenant: tenant.tenant,
      collection: exchange.collection
    )
    request.payload = exchange.payload
    let outcome = await host.handle(request)
    guard case .response(let response) = outcome else { return .refusal("\(outcome)") }
    if response.contentType == "application/octet-stream" { return .bytes(response.payload) }
    let json = try JSON.parse(response.payload)
    return response.flags.contains(.error) ? .refusal(json["message"]?.stringValue ?? json.text) : .json(json)
  }
}
