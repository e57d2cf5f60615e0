/// An address on the web: http or https, a host, a port, a path with its query; and nothing else.
///
/// It is strict, since what is checked against grants must be what is asked for: no user, no fragment, and of
/// characters only what ASCII can print.
public struct WebURL: Sendable, Hashable, CustomStringConvertible {
  /// Whether it is https.
  public let isSecure: Bool
  /// The host in lower case, an IPv6 address in brackets.
  public let host: String
  /// The port, also where the text names none.
  public let port: UInt16
  /// Path and query, from the first slash on, without `.` and `..`.
  public let target: String

  /// Reads a URL; a fragment is left out, for no server is sent it.
  public init?(_ text: String) {
    guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }), let colon = text.firstIndex(of: ":") else { return nil }
    switch text[..<colon].lowercased() {
    case "https": isSecure = true
    case "http": isSecure = false
    default: return nil
    }
    let behind = text[text.index(after: colon)...].prefix { $0 != "#" }
    guard behind.hasPrefix("//") else { return nil }
    let rest = behind.dropFirst(2)
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    guard let (host, port) = Self.authority(rest[..<end], portDefault: isSecure ? 443 : 80) else { return nil }
    self.host = host.lowercased()
    self.port = port
    target = Self.normalized(rest[end...])
  }

  private init(isSecure: Bool, host: String, port: UInt16, target: Substring) {
    self.isSecure = isSecure
    self.host = host
    self.port = port
    self.target = Self.normalized(target)
  }

  /// The URL as text, the port only where it is not the scheme's own.
  public var description: String { origin + target }

  /// What decides who is told what: scheme, host and port; also what may be logged, which a query may not.
  public var origin: String {
    let isDefault = port == (isSecure ? 443 : 80)
    return "\(isSecure ? "https" : "http")://\(host)\(isDefault ? "" : ":\(port)")"
  }

  /// What a reference in an answer from here stands for (RFC 3986, section 5.2); nil if that is nothing on the web.
  public func resolving(_ reference: String) -> WebURL? {
    let reference = Self.encoded(reference)[...].prefix { $0 != "#" }
    let path = target.prefix { $0 != "?" }
    func here(_ target: some StringProtocol) -> WebURL {
      WebURL(isSecure: isSecure, host: host, port: port, target: Substring(target))
    }
    if reference.isEmpty { return self }
    if reference.hasPrefix("//") { return WebURL((isSecure ? "https:" : "http:") + reference) }
    if reference.hasPrefix("/") { return here(reference) }
    if reference.hasPrefix("?") { return here(path + reference) }
    // A colon ahead of any slash ends a scheme.
    if reference.prefix(while: { $0 != "/" && $0 != "?" }).contains(":") { return WebURL(String(reference)) }
    return here(path.prefix(upTo: path.index(after: path.lastIndex(of: "/") ?? path.startIndex)) + reference)
  }

  /// Servers write into a reference what belongs encoded there.
  private static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    let bytes = text.utf8.flatMap { byte in
      (0x21...0x7e).contains(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func authority(_ text: Substring, portDefault: UInt16) -> (Substring, UInt16)? {
    var host = text
    var port = portDefault
    if text.last != "]", let colon = text.lastIndex(of: ":") {
      let digits = text[text.index(after: colon)...]
      guard digits.allSatisfy(\.isNumber), let number = UInt16(digits), number > 0 else { return nil }
      (host, port) = (text[..<colon], number)
    }
    return isName(host) || isAddress(host) ? (host, port) : nil
  }

  private static func isName(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.count <= 253 && text.allSatisfy { $0.isLetter || $0.isNumber || "-._".contains($0) }
  }

  private static func isAddress(_ text: Substring) -> Bool {
    guard text.hasPrefix("["), text.hasSuffix("]") else { return false }
    let address = text.dropFirst().dropLast()
    return address.contains(":") && address.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
  }

  /// Path and query with `.` and `..` resolved away (RFC 3986, section 5.2.4).
  private static func normalized(_ target: Substring) -> String {
    let path = target.prefix { $0 != "?" }
    let query = target[path.endIndex...]
    var kept: [Substring] = []
    let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    for (index, segment) in segments.enumerated() {
      let isLast = index == segments.count - 1
      if segment == ".." { _ = kept.popLast() }
      if segment != ".", segment != ".." { kept.append(segment) } else if isLast { kept.append("") }
    }
    return "/" + kept.joined(separator: "/") + query
  }
}
