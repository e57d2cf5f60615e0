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
      try statements.state.first(key.plugin, key.provider, key.tenant, key.key) { (row) throws(SQLiteError) in
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
      try statements.putState.run(key.plugin, key.provider, key.tenant, key.key, document)
      return .stored(version: UInt64(database.lastInsertedRow))
    case .remove(let key):
      try statements.removeState.run(key.plugin, key.provider, key.tenant, key.key)
      return .removed
    }
  }

  private func version(_ key: StateKey) throws(SQLiteError) -> UInt64 {
    let found = try statements.stateVersion.value(key.plugin, key.provider, key.tenant, key.key, as: Int64.self)
    return UInt64(found ?? 0)
  }
}
