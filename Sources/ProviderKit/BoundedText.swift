extension String {
  /// The longest beginning of at most so many bytes that cuts no character.
  public func prefix(utf8 limit: Int) -> String {
    guard utf8.count > limit else { return self }
    var size = 0
    return String(
      prefix { character in
        size += character.utf8.count
        return size <= limit
      }
    )
  }
}
