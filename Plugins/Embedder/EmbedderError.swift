/// Why a request was not done or a model cannot be used; the words are the answer.
struct EmbedderError: Error, Hashable, CustomStringConvertible {
  let description: String
  /// What of it may be logged: others' words, which may quote a text, are left out.
  let logged: String
  /// Whether it may be otherwise when it is asked for again; if not, it is about the subject itself, and can be kept.
  let isPassing: Bool

  init(_ description: String, logged: String? = nil, isPassing: Bool = true) {
    (self.description, self.logged, self.isPassing) = (description, logged ?? description, isPassing)
  }
}
