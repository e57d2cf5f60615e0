package import Envelope
package import PluginABI

/// What a fake host has heard from its plugin, in the order in which it heard it.
package struct HostRecord: Sendable {
  /// How a delivery ended.
  package enum Outcome: Sendable, Hashable {
    /// Handled.
    case ack
    /// To be delivered again.
    case retry(String)
    /// Given back untried.
    case release
    /// To the dead letters.
    case reject(String)
    /// Answered.
    case response(Envelope)
  }

  /// A delivery and how it ended.
  package struct Settled: Sendable, Hashable {
    package let delivery: UInt64
    package let outcome: Outcome

    package init(delivery: UInt64, outcome: Outcome) {
      self.delivery = delivery
      self.outcome = outcome
    }
  }

  /// A line of the plugin's log.
  package struct LogLine: Sendable, Hashable {
    package let severity: Int32
    package let message: String
    package let fields: String
  }

  /// A value of one of the plugin's metrics.
  package struct Measurement: Sendable, Hashable {
    package let kind: Int32
    package let name: String
    /// `name=value` lines.
    package let labels: String
    package let value: Double

    package init(kind: Int32, name: String, labels: String = "", value: Double) {
      self.kind = kind
      self.name = name
      self.labels = labels
      self.value = value
    }
  }

  /// A request or a publication, and the token by which it is completed.
  package struct Request: Sendable, Hashable {
    package let token: UInt64
    package let envelope: Envelope
  }

  package var published: [Envelope] = []
  package var requested: [Request] = []
  /// Publications that were left for later.
  package var publishing: [Request] = []
  package var subscribed: [String] = []
  /// What was dialled, `host:port`.
  package var dialled: [String] = []
  package var settled: [Settled] = []
  package var logged: [LogLine] = []
  package var measured: [Measurement] = []
  /// State documents by `provider/tenant/name`.
  package var documents: [String: (version: UInt64, bytes: [UInt8])] = [:]
  /// What the plugin last said about a call that fails.
  package var error = ""
  /// How operations ended that were left pending or ended at once.
  package var operations: [UInt64: promethean_status] = [:]
  /// How often the plugin asked for a poll, and how often it got one.
  package var wakes = 0
  package var polls = 0

  /// How a delivery ended, if it has.
  package func outcome(of delivery: UInt64) -> Outcome? {
    settled.first { $0.delivery == delivery }?.outcome
  }
}
