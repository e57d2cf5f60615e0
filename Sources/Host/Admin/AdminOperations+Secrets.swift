internal import Envelope

extension AdminOperations {
  /// Reads credentials again; answers with what became of each, and never with one.
  func rotateSecrets(_ request: AdminRequest) throws(AdminFailure) {
    var tenant: TenantID?
    if let text = request.body["tenant"]?.stringValue {
      tenant = host.deployment.tenants.map(\.id).first { $0.description == text }
      guard tenant != nil else { throw AdminFailure("not_found", "there is no tenant \(text)") }
    }
    let outcomes: [SecretStore.Key: SecretStore.Outcome]
    do throws(SecretError) { outcomes = try host.supervisor.rotateSecrets(of: tenant) } catch {
      throw AdminFailure("failed", error.description)
    }
    for (key, outcome) in outcomes.sorted(by: { $0.key.description < $1.key.description }) {
      let item: JSON = [
        "tenant": .string(key.tenant.description), "name": .string(key.name), "outcome": .string(outcome.name),
        "reason": outcome.reason.map { .string($0) } ?? .null,
      ]
      server.answer(request.address, .item(item))
    }
    server.answer(request.address, .ok([:]))
  }
}

extension SecretStore.Outcome {
  fileprivate var name: String {
    switch self {
    case .unchanged: "unchanged"
    case .changed: "changed"
    case .failed: "failed"
    }
  }

  fileprivate var reason: String? {
    if case .failed(let why) = self { why } else { nil }
  }
}
