/// The opening handshake of a client (RFC 6455, section 4.1): what it asks, and whether the answer is the right one.
package struct WebSocketHandshake: Sendable {
  /// Bytes of the longest answer's head; those of gateways behind a proxy have two thousand.
  package static let headMax = 16 << 10

  /// What is to be sent.
  package let request: [UInt8]
  /// What a server answers that has read the key and speaks the protocol.
  private let accept: String
  private var head: [UInt8] = []

  /// A handshake for a resource of a host.
  ///
  /// - Parameters:
  ///   - host: The host, and the port where it is not the scheme's own.
  ///   - target: Path and query; like the host without a space or a line's end.
  ///   - headers: What else is said.
  ///   - generator: Where the key comes from.
  package init(
    host: String,
    target: String,
    headers: [(name: String, value: String)] = [],
    using generator: inout some RandomNumberGenerator
  ) {
    let key = Self.base64((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    // The text is that of the protocol, section 1.3.
    accept = Self.base64(SHA1.digest(Array("\(key)258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)))
    var lines = [
      "GET \(target) HTTP/1.1", "Host: \(host)", "Upgrade: websocket", "Connection: Upgrade",
      "Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Version: 13",
    ]
    lines += headers.map { "\($0.name): \($0.value)" }
    request = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
  }

  /// Reads the answer from an offset into some bytes, which is moved behind it; what follows are frames.
  ///
  /// - Returns: Whether the answer has come whole, and is the right one.
  package mutating func read(_ bytes: Span<UInt8>, from offset: inout Int) throws(WebSocketError) -> Bool {
    while offset < bytes.count {
      guard head.count < Self.headMax else {
        throw WebSocketError("the answer's head: expected at most \(Self.headMax) bytes, found more")
      }
      head.append(bytes[offset])
      offset += 1
      guard head.last == UInt8(ascii: "\n"), head.suffix(4).elementsEqual("\r\n\r\n".utf8) else { continue }
      try check()
      return true
    }
    return false
  }

  private func check() throws(WebSocketError) {
    guard let text = String(validating: head.dropLast(4), as: UTF8.self) else {
      throw WebSocketError("the answer's head: expected text, found other bytes")
    }
    // A carriage return and the line feed behind it are one character to Swift.
    let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
    guard !lines.contains(where: { $0.contains { $0 == "\r" || $0 == "\n" } }) else {
      throw WebSocketError("the answer's head: expected lines that end with CR LF, found others")
    }
    try check(statusLine: lines[0])
    var fields: [String: [String]] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":"), line[..<colon].utf8.allSatisfy(Self.isToken), colon > line.startIndex
      else { throw WebSocketError("the answer's head: expected fields `name: value`, found a line that is none") }
      fields[line[..<colon].lowercased(), default: []].append(Self.trimmed(line[line.index(after: colon)...]))
    }
    func expect(_ name: String, _ expected: String, _ isRight: ([String]) -> Bool) throws(WebSocketError) {
      let values = fields[name.lowercased()] ?? []
      guard isRight(values) else {
        let found = values.isEmpty ? "none" : "\"\(values.joined(separator: ", ").prefix(128))\""
        throw WebSocketError("the answer's \(name): expected \(expected), found \(found)")
      }
    }
    try expect("Upgrade", "websocket") { $0.map { $0.lowercased() } == ["websocket"] }
    try expect("Connection", "Upgrade") { values in
      values.flatMap { $0.split(separator: ",") }.contains { Self.trimmed($0).lowercased() == "upgrade" }
    }
    try expect("Sec-WebSocket-Accept", accept) { $0 == [accept] }
    // None were asked for.
    try expect("Sec-WebSocket-Extensions", "none") { $0.isEmpty }
    try expect("Sec-WebSocket-Protocol", "none") { $0.isEmpty }
  }

  private func check(statusLine line: Substring) throws(WebSocketError) {
    let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard words.count >= 2, words[0] == "HTTP/1.1", words[1].utf8.count == 3, let status = UInt16(words[1]) else {
      throw WebSocketError("the answer: expected HTTP/1.1 101 Switching Protocols, found no answer by HTTP/1.1")
    }
    guard status == 101 else {
      let phrase = words.count > 2 ? " \(words[2].prefix(64))" : ""
      throw WebSocketError("the answer: expected HTTP 101 Switching Protocols, found HTTP \(status)\(phrase)")
    }
  }

  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  private static func trimmed(_ text: Substring) -> String {
    let front = text.drop { $0 == " " || $0 == "\t" }
    return front.lastIndex { $0 != " " && $0 != "\t" }.map { String(front[...$0]) } ?? ""
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * (3 - UInt32(group.count)))
      for place in 0..<4 {
        text.append(place <= group.count ? digits[Int(bits >> (18 - 6 * UInt32(place)) & 63)] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
