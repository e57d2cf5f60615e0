/// What went wrong, in words that say what to do about it.
struct DiscordError: Error, Hashable, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
