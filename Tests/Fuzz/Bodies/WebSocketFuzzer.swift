import WebSocket

/// A server's answer and its frames mean the same in whatever pieces they come, and what is read keeps to the rules.
///
/// The first byte says how the rest is cut, and whether it begins with the answer to a handshake.
enum WebSocketFuzzer {
  /// Bytes of the largest message: small, so that an input can exceed it.
  private static let messageSizeMax = 1024

  /// What came of some bytes.
  private struct Reading: Equatable {
    var messages: [WebSocketMessage] = []
    var error: String?
  }

  static func run(_ bytes: [UInt8]) throws {
    guard let first = bytes.first else { return }
    let (size, rest) = (Int(first >> 1) % 16 + 1, Array(bytes.dropFirst()))
    let begins = first & 1 == 1
    let whole = read(rest, pieces: max(1, rest.count), begins: begins)
    let cut = read(rest, pieces: size, begins: begins)
    try hold(whole == cut, "in pieces of \(size): \(cut), whole: \(whole)")
    for message in whole.messages { try check(message) }
    for message in whole.messages.dropLast() {
      if case .close = message { throw Finding(description: "a message behind a close frame") }
    }
  }

  private static func read(_ bytes: [UInt8], pieces size: Int, begins: Bool) -> Reading {
    var generator = Zeros()
    var handshake = begins ? WebSocketHandshake(host: "h", target: "/", using: &generator) : nil
    var decoder = WebSocketDecoder(messageSizeMax: messageSizeMax)
    var reading = Reading()
    do throws(WebSocketError) {
      for start in stride(from: 0, to: bytes.count, by: size) {
        let piece = Array(bytes[start..<min(start + size, bytes.count)])
        var offset = 0
        if handshake != nil {
          guard try handshake?.read(piece.span, from: &offset) == true else { continue }
          handshake = nil
        }
        while let message = try decoder.next(in: piece.span, from: &offset) { reading.messages.append(message) }
      }
    } catch {
      reading.error = error.description
    }
    return reading
  }

  private static func check(_ message: WebSocketMessage) throws {
    switch message {
    case .text(let bytes):
      try hold(bytes.count <= messageSizeMax, "a text of \(bytes.count) bytes")
      try hold(String(validating: bytes, as: UTF8.self) != nil, "a text that is no UTF-8")
    case .binary(let bytes): try hold(bytes.count <= messageSizeMax, "a message of \(bytes.count) bytes")
    case .ping(let bytes), .pong(let bytes): try hold(bytes.count <= 125, "a control frame of \(bytes.count) bytes")
    case .close(let close): try hold(close.code >= 1000 && close.code < 5000, "a close with code \(close.code)")
    }
    // What is written is what a server reads: the same without its mask, which is zero here.
    var generator = Zeros()
    var frame = WebSocketEncoder.frame(message, using: &generator)
    let head = frame[1] & 0x7f == 126 ? 4 : 2
    frame.removeSubrange(head..<head + 4)
    frame[1] &= 0x7f
    let again = read(frame, pieces: frame.count, begins: false)
    try hold(again == Reading(messages: [message]), "\(message) is written as \(again)")
  }

  private struct Zeros: RandomNumberGenerator {
    func next() -> UInt64 { 0 }
  }
}
