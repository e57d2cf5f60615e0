internal import BenchProbe
internal import Glibc
internal import SQLite

/// How many envelopes a second the journal takes, from publishing to the word that they are on the disk.
enum Durable {
  /// Envelopes that one plugin has on their way, and rows of a bare transaction.
  static let window = 1024
  static let size = 256
  static let count = 50_000

  static func measure(in directory: WorkDirectory, into report: inout Report) throws {
    let bare = try bareRate(in: directory)
    let host = try BenchHost(.init(sources: 1, sinks: 0), in: directory, named: "durable")
    var best = 0.0
    for _ in 0..<Routing.rounds {
      let outcome = try host.run(.durable, count: count, size: size, window: window)
      guard outcome.refused == 0 else { throw BenchError("\(outcome.refused) durable publishes failed") }
      best = max(best, Double(count) * 1e9 / Double(outcome.ended - outcome.begun))
    }
    try host.stop()
    report.add(
      .init(
        name: "durable.ack",
        value: best,
        unit: "envelopes/s",
        baseline: bare,
        note: "SQLite alone, WAL, synchronous FULL, \(window) rows a transaction"
      )
    )
    try NATSServer.measureDurable(in: directory, into: &report)
  }

  private static func bareRate(in directory: WorkDirectory) throws -> Double {
    let database = try Database(path: "\(try directory.make("sqlite"))/bare.sqlite")
    try database.execute("PRAGMA locking_mode = EXCLUSIVE")
    try database.useWriteAheadLog(.full)
    try database.execute("PRAGMA wal_autocheckpoint = 4096")
    try database.execute("CREATE TABLE records (sequence INTEGER PRIMARY KEY, envelope BLOB NOT NULL) STRICT")
    let insert = try database.prepare("INSERT INTO records (envelope) VALUES (?)")
    let row = [UInt8](repeating: 7, count: size)
    var best = 0.0
    for _ in 0..<Routing.rounds {
      let begun = monotonic()
      for _ in 0..<count / window {
        try database.transaction { () throws(SQLiteError) in
          for _ in 0..<window { try insert.run(row) }
        }
      }
      best = max(best, Double(count / window * window) * 1e9 / Double(monotonic() - begun))
    }
    return best
  }
}

/// Nanoseconds of the clock that all processes of a machine share.
func monotonic() -> Int64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
