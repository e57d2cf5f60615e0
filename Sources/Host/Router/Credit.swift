/// What an instance has begun and the host has not ended: what it may cost while the disk, or others, are slow.
///
/// What the journal owes an answer for is charged when it is asked and given back when it answers, whether or not
/// anybody still waits for the outcome: until then the host holds its bytes. Beyond the limits the instance's ring is
/// left alone until half of it is given back.
struct Credit {
  /// Things that the journal may owe an answer for.
  static let countLimit = 4096
  /// Bytes of them.
  static let bytesLimit = 8 << 20
  /// Requests that may wait for an answer at once.
  static let requestsLimit = 4096

  private var count = 0
  private var bytes = 0
  private var requests = 0
  /// Whether nothing more is read of what the instance asks for.
  private(set) var isHeldBack = false

  /// Whether one more request may be begun.
  var hasRoomForRequest: Bool { requests < Self.requestsLimit }

  /// Takes note of something that the journal is asked for.
  mutating func charge(bytes size: Int) {
    count += 1
    bytes += size
    if count >= Self.countLimit || bytes >= Self.bytesLimit { isHeldBack = true }
  }

  /// Takes note of the journal's answer.
  mutating func giveBack(bytes size: Int) {
    count -= 1
    bytes -= size
    if count < Self.countLimit / 2, bytes < Self.bytesLimit / 2 { isHeldBack = false }
  }

  mutating func beginRequest() { requests += 1 }
  mutating func endRequest() { requests -= 1 }

  /// Reads on regardless: the instance has ended, and hears no answer any more.
  mutating func letGo() { isHeldBack = false }
}
