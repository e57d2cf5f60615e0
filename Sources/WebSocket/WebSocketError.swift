/// Why bytes are no WebSocket: what was expected, and what was found.
package struct WebSocketError: Error, Hashable, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}
