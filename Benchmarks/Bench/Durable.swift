internal import BenchProbe
internal import CLinux
internal import Glibc
internal import SQLite

/// How many envelopes a second the journal takes, from publishing to the word that they are on the disk.
enum Durable {
  /// Envelopes that one plugin has on their way, and rows of a bare transaction.
  static let window = 4096
  static let size = 256
  static let count = 100_000

  static func measure(in directory: WorkDirectory, into report: inout Report) throws {
    for isSynced in [true, false] {
      report.add(
        .init(
          name: isSynced ? "durable.ack" : "durable.normal.ack",
          value: try hostRate(isSynced, in: directory),
          unit: "envelopes/s",
          baseline: try bareRate(isSynced, in: directory),
          note: "SQLite alone, WAL, synchronous \(isSynced ? "FULL" : "NORMAL"), \(window) rows a transaction"
        )
      )
    }
    try NATSServer.measureDurable(in: directory, into: &report)
  }

  private static func hostRate(_ isSynced: Bool, in directory: WorkDirectory) throws -> Double {
    let plan = BenchHost.Plan(sources: 1, sinks: 0, isSynced: isSynced)
    let host = try BenchHost(plan, in: directory, named: "durable-\(isSynced)")
    var best = 0.0
    for _ in 0..<Routing.rounds {
      let outcome = try host.run(.durable, count: count, size: size, window: window)
      guard outcome.refused == 0 else { throw BenchError("\(outcome.refused) durable publishes failed") }
      best = max(best, Double(count) * 1e9 / Double(outcome.ended - outcome.begun))
    }
    try host.stop()
    return best
  }

  private static func bareRate(_ isSynced: Bool, in directory: WorkDirectory) throws -> Double {
    let database = try Database(path: "\(try directory.make("sqlite-\(isSynced)"))/bare.sqlite")
    try database.execute("PRAGMA locking_mode = EXCLUSIVE")
    try database.useWriteAheadLog(isSynced ? .full : .normal)
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
func monotonic() -> Int64 { linux_clock(CLOCK_MONOTONIC) }
