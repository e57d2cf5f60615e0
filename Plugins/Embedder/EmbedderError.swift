/// Why a request was not done or a model cannot be used; the words are the answer.
struct EmbedderError: Error, Hashable, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
