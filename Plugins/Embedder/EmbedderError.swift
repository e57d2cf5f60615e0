/// Why a request was not done or a model cannot be used; the words are the answer.
struct EmbedderError: Error, Hashable, CustomStringConvertible {
  let description: String
  /// What of it may be logged: others' words, which may quote a text, are left out.
  let logged: String

  init(_ description: String, logged: String? = nil) {
    (self.description, self.logged) = (description, logged ?? description)
  }
}
