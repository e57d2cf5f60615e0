/// Why bytes are no picture that can be decoded: what was expected, and what was found.
package struct PictureError: Error, Sendable, Hashable, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}
