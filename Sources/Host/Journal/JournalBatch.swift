/// Everything that is to be written in one transaction: all of it, or none.
package struct JournalBatch: Sendable {
  package var appends: [JournalAppend] = []
  package var progress: [ConsumerProgress] = []
  package var failures: [DeliveryFailure] = []
  /// Failures that were the last: the envelope is copied to the dead letters.
  package var deadLetters: [DeliveryFailure] = []
  package var states: [StateChange] = []

  package init() {}

  /// How many things are to be written.
  package var count: Int {
    appends.count + progress.count + failures.count + deadLetters.count + states.count
  }
}

/// An envelope to record.
package struct JournalAppend: Sendable {
  /// What copies of it share; nil: record it whatever was recorded before.
  package var digest: DedupeDigest?
  /// The one consumer that shall get it; nil: each whose subscription matches.
  package var target: Int64?
  /// The binary layout.
  package var envelope: [UInt8]

  package init(digest: DedupeDigest? = nil, target: Int64? = nil, envelope: [UInt8]) {
    self.digest = digest
    self.target = target
    self.envelope = envelope
  }
}

/// What a consumer is done with.
package struct ConsumerProgress: Sendable {
  package var consumer: Int64
  package var settled: SettledSequences

  package init(consumer: Int64, settled: SettledSequences) {
    self.consumer = consumer
    self.settled = settled
  }
}

/// A delivery that came to nothing.
package struct DeliveryFailure: Sendable {
  package var consumer: Int64
  package var sequence: Int64
  /// How many times it has been delivered.
  package var attempts: UInt32
  package var reason: String

  package init(consumer: Int64, sequence: Int64, attempts: UInt32, reason: String) {
    self.consumer = consumer
    self.sequence = sequence
    self.attempts = attempts
    self.reason = reason
  }
}

/// Which document of which plugin, kept for which tenant.
package struct StateKey: Sendable, Hashable {
  package var plugin: String
  package var provider: String
  package var tenant: String
  package var key: String
  /// The generation whose draft of the document it is; 0: what is kept.
  ///
  /// What a generation writes that is yet to prove itself is a draft: it reads what it wrote over what is kept, and
  /// nobody else does, until the drafts are kept or dropped.
  package var draft: Int64 = 0

  package init(plugin: String, provider: String, tenant: String, key: String) {
    self.plugin = plugin
    self.provider = provider
    self.tenant = tenant
    self.key = key
  }
}

/// A change of a plugin's state document.
package enum StateChange: Sendable {
  /// Writes a document over version `expected`; 0: over none, nil: over whichever is there.
  case put(StateKey, document: [UInt8], expected: UInt64?)
  case remove(StateKey)
  /// Keeps the drafts of a generation, but for those of documents that have been written since.
  case keepDrafts(generation: Int64)
  /// Drops the drafts there are; one generation at a time has any.
  case dropDrafts

  /// Whether it is about all documents of a generation.
  var settlesDrafts: Bool {
    switch self {
    case .put, .remove: false
    case .keepDrafts, .dropDrafts: true
    }
  }
}

/// What became of each part of a batch, in its order.
package struct JournalOutcome: Sendable, Hashable {
  package enum Append: Sendable, Hashable {
    case recorded(Int64)
    /// A copy was recorded before; this one was not.
    case duplicate
  }

  package enum State: Sendable, Hashable {
    case stored(version: UInt64)
    /// Another version than the expected one is there; 0: none.
    case conflict(version: UInt64)
    case removed
    /// Drafts were kept or dropped.
    case settled
  }

  package var appends: [Append] = []
  package var states: [State] = []

  package init(appends: [Append] = [], states: [State] = []) {
    self.appends = appends
    self.states = states
  }
}
