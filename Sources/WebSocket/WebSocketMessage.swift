/// What one side of a WebSocket says to the other.
package enum WebSocketMessage: Sendable, Hashable {
  /// Text, which is UTF-8.
  case text([UInt8])
  case binary([UInt8])
  /// To be answered by a pong with the same bytes.
  case ping([UInt8])
  case pong([UInt8])
  /// The last of this side.
  case close(WebSocketClose)
}

/// Why a WebSocket is closed (RFC 6455, section 7.4).
package struct WebSocketClose: Sendable, Hashable {
  /// What stands for a close frame without a code.
  package static let noCode: UInt16 = 1005
  /// The longest reason: a control frame has room for 125 bytes, of which the code takes two.
  package static let reasonMax = 123

  package let code: UInt16
  package let reason: String

  package init(code: UInt16, reason: String = "") {
    self.code = code
    self.reason = reason
  }

  /// Reads the payload of a close frame.
  init(_ payload: [UInt8]) throws(WebSocketError) {
    guard !payload.isEmpty else {
      self.init(code: Self.noCode)
      return
    }
    guard payload.count >= 2 else { throw WebSocketError("a close frame: expected a code of 2 bytes, found 1") }
    let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
    guard Self.mayBeSent(code) else {
      throw WebSocketError("a close frame: expected a code from 1000 to 1014 or from 3000 to 4999, found \(code)")
    }
    guard let reason = String(validating: payload[2...], as: UTF8.self) else {
      throw WebSocketError("a close frame: expected a reason in UTF-8, found other bytes")
    }
    self.init(code: code, reason: reason)
  }

  /// The payload of a close frame; a reason that is too long is cut, and one without a code is nothing.
  var payload: [UInt8] {
    guard Self.mayBeSent(code) else { return [] }
    var kept = reason[...]
    while kept.utf8.count > Self.reasonMax { kept.removeLast() }
    return [UInt8(code >> 8), UInt8(code & 0xff)] + kept.utf8
  }

  /// Whether a code may stand in a frame: those that only say how a connection looked from here may not.
  private static func mayBeSent(_ code: UInt16) -> Bool {
    switch code {
    case 1004, 1005, 1006: false
    case 1000...1014, 3000...4999: true
    default: false
    }
  }
}
