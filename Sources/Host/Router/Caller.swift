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

  /// Whether the one who asked is still there to hear the answer.
  var isListening: Bool { instance.generation == generation && instance.process != nil }
}
