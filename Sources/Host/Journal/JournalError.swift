internal import SQLite

/// Why the journal did not do what it was asked; nothing of the request was done.
package struct JournalError: Error, Hashable, CustomStringConvertible {
  package enum Kind: Sendable, Hashable {
    /// The disk or the journal's own limit is used up.
    case full
    /// The system refused to read or write.
    case unavailable
    /// The file is not a journal, or is damaged.
    case damaged
    /// Another process holds the journal.
    case inUse
    /// A newer version of this program wrote the journal.
    case newer
    /// The journal has been closed.
    case closed
    /// A mistake in the calling code.
    case misuse
  }

  package let kind: Kind
  package let message: String

  package var description: String { message }

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  init(_ error: SQLiteError) {
    let found = "\(error.message), SQLite \(error.extendedCode)"
    switch error.kind {
    case .full:
      self.init(
        .full,
        "journal \(error.path): no room to record anything: the disk or journal.max_bytes is used up (\(found))"
      )
    case .io:
      self.init(.unavailable, "journal \(error.path): cannot be read or written (\(found))")
    case .damaged:
      self.init(
        .damaged,
        "journal \(error.path): not a journal, or damaged (\(found)); move it aside to begin a new one"
      )
    case .busy:
      self.init(.inUse, "journal \(error.path): another process holds it (\(found))")
    case .newer:
      self.init(.newer, "journal \(error.path): \(error.message)")
    case .constraint, .other:
      self.init(.misuse, "journal: \(error)")
    }
  }
}
