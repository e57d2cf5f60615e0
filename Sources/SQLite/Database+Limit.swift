internal import CSQLite

extension Database {
  /// How many of its virtual machine's instructions SQLite runs between two looks at the clock: well under a millisecond.
  private static let instructionsPerLook: Int32 = 4_096

  /// Runs `body`, in which a statement that is still running after `limit` ends with an error.
  ///
  /// `SQLiteError.isInterrupted` tells that error from others. A statement that is done before the first look at the
  /// clock is never ended.
  package func within<Result>(
    _ limit: Duration,
    _ body: () throws(SQLiteError) -> Result
  ) throws(SQLiteError) -> Result {
    var end = ContinuousClock.now + limit
    return try unsafe withUnsafeMutablePointer(to: &end) { (end) throws(SQLiteError) -> Result in
      unsafe sqlite3_progress_handler(handle, Self.instructionsPerLook, isOver, end)
      defer { unsafe sqlite3_progress_handler(handle, 0, nil, nil) }
      return try body()
    }
  }
}

/// Whether the moment at `end` has passed.
private func isOver(_ end: UnsafeMutableRawPointer?) -> Int32 {
  guard let end = unsafe end else { return 0 }
  return unsafe end.load(as: ContinuousClock.Instant.self) <= .now ? 1 : 0
}
