/// The life of an instance that asked for something, and what it called the question.
///
/// An instance that is started again numbers anew, so an answer to what it asked in an earlier life must not reach it.
struct Caller {
  let instance: Instance
  let token: UInt64
  private let generation: Int

  init(_ instance: Instance, token: UInt64) {
    self.instance = instance
    self.token = token
    generation = instance.generation
  }

  /// Charges the instance for something that the journal is asked for.
  func charge(bytes: Int) {
    instance.credit.charge(bytes: bytes)
  }

  /// Gives the instance back what it was charged, if it is still in that life, and reads on where it was held back.
  func giveBack(bytes: Int) {
    guard isListening else { return }
    let wasHeldBack = instance.credit.isHeldBack
    instance.credit.giveBack(bytes: bytes)
    if wasHeldBack, !instance.credit.isHeldBack { instance.hasMore = true }
  }

  /// Whether the one who asked is still there to hear the answer.
  var isListening: Bool { instance.generation == generation && instance.process != nil }
}
