internal import Envelope

extension Supervisor {
  /// Whether an instance was granted a credential of its tenant's.
  private func isGranted(_ name: String, to instance: Instance) -> Bool {
    instance.policy.decide(.secretsRead, resource: name).allowed
  }

  /// Why an instance that is to be started lacks a credential, nil if it lacks none.
  func secretsProblem(of instance: Instance) -> String? {
    guard let tenant = instance.binding, instance.policy.grants(.secretsRead) else { return nil }
    return secrets.problem(for: tenant) { isGranted($0, to: instance) }
  }

  /// Gives an instance the credentials that it was granted, if any.
  func giveSecrets(to instance: Instance) throws(RunnerError) {
    guard let process = instance.process, let tenant = instance.binding, instance.policy.grants(.secretsRead) else {
      return
    }
    try secrets.send(to: process, of: tenant) { isGranted($0, to: instance) }
  }

  /// Reads the credentials again, and gives those that run what has changed.
  ///
  /// - Parameter tenant: Whose; nil: everybody's.
  /// - Returns: What became of each.
  /// - Throws: `SecretError` when there is no memory for them; nothing has changed then.
  package func rotateSecrets(of tenant: TenantID?) throws(SecretError) -> [SecretStore.Key: SecretStore.Outcome] {
    let outcomes = try secrets.read(only: tenant)
    let changed = outcomes.filter { $0.value == .changed }
    for instance in instances where changed.keys.contains(where: { isConcerned(instance, by: $0) }) {
      do throws(RunnerError) {
        try giveSecrets(to: instance)
      } catch {
        kill(instance, "its credentials could not be replaced: \(error)")
      }
    }
    for (key, outcome) in outcomes.sorted(by: { $0.key.description < $1.key.description }) {
      switch outcome {
      case .unchanged: break
      case .changed: log.audit("rotated: credential \(key.name) of tenant \(key.tenant)", allowed: true)
      case .failed(let why): log.error("credential \(key.name) of tenant \(key.tenant) cannot be read: \(why)")
      }
    }
    return outcomes
  }

  private func isConcerned(_ instance: Instance, by key: SecretStore.Key) -> Bool {
    // One that has not come to `create` yet is given them then.
    switch instance.state {
    case .running, .starting(.start, _): instance.binding == key.tenant && isGranted(key.name, to: instance)
    default: false
    }
  }
}
