internal import PluginKit

/// How far an instance has come with its provider, as a gateway counts: the messages of a session are numbered from 1.
///
/// It is in memory alone. The next generation goes on with it; after a crash another one begins.
struct Session {
  /// The version of `bytes`.
  static let version: UInt32 = 1

  /// The number of the last message that was recorded.
  private(set) var sequence: Int64 = 0

  init() {}

  /// The session that another generation has had.
  init(_ bytes: [UInt8]) throws {
    let found = try JSON.parse(bytes)["sequence"]
    guard let sequence = found?.intValue, sequence >= 0 else {
      throw PayloadError(key: "sequence", expected: "integer from 0", found: found?.text ?? "nothing")
    }
    self.sequence = sequence
  }

  /// Numbers one more message.
  mutating func next() -> Int64 {
    sequence += 1
    return sequence
  }

  /// What the next generation is given.
  var bytes: [UInt8] { JSON.object(["sequence": .int(sequence)]).bytes() }
}
