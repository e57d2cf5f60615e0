/// A change of what runs, as somebody has asked for it.
struct DeployOrder: Sendable {
  enum Kind: Sendable {
    /// To what plugins.yml says; by a plan, if one is given, and no other.
    case apply(Plan?, isApproved: Bool)
    /// To an earlier generation; nil: the one before.
    case rollback(Int?)
    /// To a plugin's library as it is now, or another one.
    case reload(plugin: String, library: String?)
  }

  let kind: Kind
  /// Hears of steps, on the loop's thread.
  let step: @Sendable (DeployStep) -> Void
  /// Hears once how it ended, on the loop's thread.
  let end: @Sendable (Result<DeployOutcome, DeployRefusal>) -> Void

  var cause: Generation.Cause {
    switch kind {
    case .apply: .apply
    case .rollback: .rollback
    case .reload: .reload
    }
  }
}

/// A step of a change that others may watch.
struct DeployStep: Sendable {
  let step: String
  var plugin = ""
  var message = ""
}

/// What a change has come to.
struct DeployOutcome: Sendable {
  let generation: Int
  let reason: String
}

/// Why what ran before runs on.
struct DeployRefusal: Error, Sendable {
  /// A word for tools.
  let code: String
  let message: String
  var outcome = HistoryEntry.Outcome.refused
  var plugin: String?
}

extension DeployRefusal {
  init(_ error: any Error) {
    self.init(code: (error as? DeployError)?.code ?? "failed", message: "\(error)")
  }
}
