internal import Envelope

extension AdminOperations {
  /// Makes plugins.yml what runs, showing the steps.
  func apply(_ request: AdminRequest) throws(AdminFailure) {
    var plan: Plan?
    if let given = request.body["plan"], !given.isNull {
      do { plan = try Plan(given, named: "plan") } catch { throw AdminFailure("invalid", "\(error)") }
    }
    deploy(.apply(plan, isApproved: request.body["approve"]?.boolValue ?? false), request)
  }

  /// Makes an earlier generation what runs.
  func rollback(_ request: AdminRequest) throws(AdminFailure) {
    deploy(.rollback(try request.number("generation", in: 1...Int64(Int32.max)).map(Int.init)), request)
  }

  /// Replaces a plugin's instances by a new generation of them.
  func reload(_ request: AdminRequest) throws(AdminFailure) {
    guard let plugin = request.body["plugin"]?.stringValue else {
      throw AdminFailure("invalid", "plugin: expected a string")
    }
    deploy(.reload(plugin: plugin, library: request.body["library"]?.stringValue), request)
  }

  private func deploy(_ kind: DeployOrder.Kind, _ request: AdminRequest) {
    let (server, address) = (server, request.address)
    let order = DeployOrder(
      kind: kind,
      step: { step in
        let item: JSON = [
          "step": .string(step.step), "plugin": .string(step.plugin), "state": "", "message": .string(step.message),
        ]
        server.answer(address, .item(item))
      },
      end: { result in
        switch result {
        case .success(let outcome):
          let document: JSON = [
            "generation": .int(Int64(outcome.generation)), "outcome": "applied", "reason": .string(outcome.reason),
          ]
          server.answer(address, .ok(document))
        case .failure(let refusal) where refusal.code == "refused":
          let document: JSON = [
            "generation": .null, "outcome": .string(refusal.outcome.rawValue), "reason": .string(refusal.message),
          ]
          server.answer(address, .ok(document))
        case .failure(let refusal): server.answer(address, .error(code: refusal.code, message: refusal.message))
        }
      }
    )
    host.deploy(order)
  }
}
