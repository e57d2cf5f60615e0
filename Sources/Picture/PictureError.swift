/// Why bytes are no picture that can be decoded: what was expected, and what was found.
package struct PictureError: Error, Sendable, Hashable, CustomStringConvertible {
  package let description: String
  /// Whether there was no memory to decode it: it may be good, and is another time.
  package let isForWantOfMemory: Bool

  init(_ description: String, isForWantOfMemory: Bool = false) {
    (self.description, self.isForWantOfMemory) = (description, isForWantOfMemory)
  }
}
