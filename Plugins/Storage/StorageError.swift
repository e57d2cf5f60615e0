/// Why a request was not done; the words are the answer.
struct StorageError: Error, Hashable, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
