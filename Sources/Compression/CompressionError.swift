/// Why bytes cannot be decompressed: what was expected, and what was found.
package struct CompressionError: Error, Hashable, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}
