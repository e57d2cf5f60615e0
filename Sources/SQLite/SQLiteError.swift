internal import CSQLite

/// What SQLite says is wrong, with the file and the statement it is about.
package struct SQLiteError: Error, Hashable, CustomStringConvertible {
  /// What can be done about it.
  package enum Kind: Sendable, Hashable {
    /// The disk, or the size that was allowed, is used up. Nothing was written.
    case full
    /// The system refused to read, write or open.
    case io
    /// The file is a database and its content is damaged, or it is no database at all.
    case damaged
    /// Somebody else holds the file.
    case busy
    /// The file was written by a newer version of this program.
    case newer
    /// A rule of the schema was broken.
    case constraint
    /// Anything else: a mistake in the calling code.
    case other
  }

  package let kind: Kind
  /// The primary result code, such as 13, SQLITE_FULL.
  package let code: Int32
  /// The extended result code, such as 1034, SQLITE_IOERR_FSYNC.
  package let extendedCode: Int32
  package let message: String
  /// Path of the database.
  package let path: String
  /// The statement, if the error is about one.
  package let sql: String?

  init(extendedCode: Int32, message: String, path: String, sql: String? = nil) {
    let kind = extendedCode == sharedMemorySize ? .full : Kind(code: extendedCode & 0xff)
    self.init(kind: kind, extendedCode: extendedCode, message: message, path: path, sql: sql)
  }

  init(kind: Kind, extendedCode: Int32, message: String, path: String, sql: String? = nil) {
    self.kind = kind
    code = extendedCode & 0xff
    self.extendedCode = extendedCode
    self.message = message
    self.path = path
    self.sql = sql
  }

  /// Whether a statement was ended because its time was over.
  package var isInterrupted: Bool { code == SQLITE_INTERRUPT }

  package var description: String {
    let statement = sql.map { " in: \($0)" } ?? ""
    return "\(path): \(message) (SQLite \(extendedCode))\(statement)"
  }
}

/// SQLITE_IOERR_SHMSIZE: there is no room for the file beside a write-ahead log through which its readers agree.
private let sharedMemorySize = SQLITE_IOERR | 19 << 8

extension SQLiteError.Kind {
  init(code: Int32) {
    switch code {
    case SQLITE_FULL: self = .full
    case SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM, SQLITE_NOMEM: self = .io
    case SQLITE_CORRUPT, SQLITE_NOTADB: self = .damaged
    case SQLITE_BUSY, SQLITE_LOCKED: self = .busy
    case SQLITE_CONSTRAINT: self = .constraint
    default: self = .other
    }
  }
}

extension SQLiteError {
  /// An error about content that a program did not write and cannot read.
  package init(damaged message: String, path: String) {
    self.init(extendedCode: SQLITE_CORRUPT, message: message, path: path)
  }

  /// An error about something that a program should not have asked for.
  package init(misuse message: String, path: String) {
    self.init(extendedCode: SQLITE_MISUSE, message: message, path: path)
  }
}
