internal import SQLite

/// A plugin's state document.
package struct StateDocument: Sendable, Hashable {
  package let version: UInt64
  package let bytes: [UInt8]
}

extension Journal {
  /// The document under a key; nil if there is none.
  package func state(_ key: StateKey) throws(JournalError) -> StateDocument? {
    try rethrow { () throws(SQLiteError) in
      try statements.state.first(key.plugin, key.provider, key.tenant, key.key, key.draft) {
        (row) throws(SQLiteError) in
        StateDocument(version: UInt64(clamping: try row.get(0, as: Int64.self)), bytes: try row.get(1))
      }
    }
  }

  func write(_ change: StateChange) throws(SQLiteError) -> JournalOutcome.State {
    switch change {
    case .put(let key, let document, let expected):
      if let expected {
        let found = try version(key)
        guard found == expected else { return .conflict(version: found) }
      }
      try statements.putState.run(key.plugin, key.provider, key.tenant, key.key, key.draft, document)
      return .stored(version: UInt64(database.lastInsertedRow))
    case .remove(let key):
      if key.draft == 0 {
        try statements.removeState.run(key.plugin, key.provider, key.tenant, key.key)
      } else {
        try statements.putState.run(key.plugin, key.provider, key.tenant, key.key, key.draft, [UInt8]?.none)
      }
      return .removed
    case .keepDrafts(let generation):
      // What was written last counts, whoever wrote it.
      try statements.removeOutdated.run(generation)
      try statements.removeOvertaken.run(generation)
      try statements.keepDrafts.run(generation)
      return .settled
    case .dropDrafts:
      try statements.dropDrafts.run()
      return .settled
    }
  }

  /// Settles the drafts that a host has left behind: they are kept if their generation came to be.
  package func settleDrafts(current generation: Int64) throws(JournalError) {
    var batch = JournalBatch()
    batch.states = [.keepDrafts(generation: generation), .dropDrafts]
    _ = try commit(batch)
  }

  private func version(_ key: StateKey) throws(SQLiteError) -> UInt64 {
    let found = try statements.state.value(
      key.plugin,
      key.provider,
      key.tenant,
      key.key,
      key.draft,
      as: Int64.self
    )
    return UInt64(found ?? 0)
  }
}
