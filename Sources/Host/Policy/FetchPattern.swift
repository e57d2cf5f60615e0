package import Envelope

/// What may be fetched: `GET https://api.example.com/v1/*`, at most so many bytes; `:*` is any port.
///
/// Host and path are matched apart, so that no `*` in a path can be made to reach into another host.
package struct FetchPattern: Sendable, Hashable, CustomStringConvertible {
  /// Upper-case, or `*`.
  package var method: String
  package var isSecure: Bool
  package var host: HostPattern
  /// Nil: any port.
  package var port: UInt16?
  package var path: StarPattern
  /// The largest answer, in bytes.
  package var limit: Int

  /// The cap of a fetch that names none, in bytes: a page or a picture, not a film.
  package static let limitDefault = 10 << 20
  /// The largest cap, in bytes.
  package static let limitMax = 1 << 30

  private static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "*"]

  /// Reads `METHOD URL`, or a URL alone, which is a GET.
  init(_ text: String, limit: Int = limitDefault) throws(ResourceError) {
    let words = text.split(separator: " ")
    guard let url = words.last, words.count <= 2 else { throw ResourceError("\"\(text)\" is not METHOD URL") }
    method = words.count == 2 ? String(words[0]) : "GET"
    guard Self.methods.contains(method) else {
      throw ResourceError("\"\(method)\" is no method; expected \(Self.methods.spelledOut("or"))")
    }
    guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
      throw ResourceError("\"\(url)\" begins with neither https:// nor http://")
    }
    guard url.utf8.allSatisfy(Self.isPlain) else {
      throw ResourceError("\(url.debugDescription) has a control character or a \\, which clients read as they like")
    }
    isSecure = url.hasPrefix("https://")
    let rest = url.dropFirst(isSecure ? 8 : 7)
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let path = slash == rest.endIndex ? "/" : String(rest[slash...])
    (host, port) = try Self.authority(rest[..<slash], portDefault: isSecure ? 443 : 80)
    guard !Self.climbs(path) else { throw ResourceError("\"\(url)\" has a . or .. in its path") }
    self.path = StarPattern(path)
    self.limit = limit
    // A server never sees it, so a pattern's end must not be met by it.
    guard !rest.utf8.contains(UInt8(ascii: "#")) else {
      throw ResourceError("\"\(url)\" has a fragment, which no server is sent")
    }
  }

  private static func authority(_ text: Substring, portDefault: UInt16) throws(ResourceError) -> (HostPattern, UInt16?)
  {
    guard let colon = text.lastIndex(of: ":"), text.last != "]" else { return (try HostPattern(text), portDefault) }
    let port = text[text.index(after: colon)...]
    guard port == "*" || (UInt16(port) ?? 0) > 0, port.first != "+" else {
      throw ResourceError("\"\(text)\" has no port that is one")
    }
    return (try HostPattern(text[..<colon]), UInt16(port))
  }

  private static func isPlain(_ byte: UInt8) -> Bool { byte > 0x20 && byte != 0x7F && byte != UInt8(ascii: "\\") }

  /// Whether a path has a segment that a client would resolve away, which would leave what the pattern named.
  ///
  /// By bytes, as a client does: a mark behind a slash would join it to one character.
  private static func climbs(_ path: String) -> Bool {
    let plain = path.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    return plain.split(separator: UInt8(ascii: "/")).contains { segment in
      let dots = Substring(segment).lowercased().replacing("%2e", with: ".")
      return dots == "." || dots == ".."
    }
  }

  func covers(_ other: FetchPattern) -> Bool {
    method.covers(other.method) && isSecure == other.isSecure && host.covers(other.host)
      && covers(port: other.port) && path.covers(other.path) && limit >= other.limit
  }

  private func covers(port other: UInt16?) -> Bool { port == nil || port == other }

  /// Whether an actual fetch is meant by the pattern; its size is the Fetch service's to cap.
  func matches(_ fetch: FetchPattern) -> Bool {
    guard case .one = fetch.host, fetch.method != "*", fetch.port != nil else { return false }
    return method.covers(fetch.method) && isSecure == fetch.isSecure && host.covers(fetch.host)
      && covers(port: fetch.port) && path.matches(fetch.path.description)
  }

  /// What was asked for, with the cap of the grant that allows it: `METHOD URL BYTES`.
  ///
  /// Who asks cannot write it: three words are no fetch.
  package func capped(_ asked: String) -> String {
    let words = asked.split(separator: " ")
    return "\(words.count == 1 ? "GET " : "")\(words.joined(separator: " ")) \(limit)"
  }

  package var description: String {
    let isDefault = port == (isSecure ? 443 : 80)
    let shown = isDefault ? "" : ":\(port.map { "\($0)" } ?? "*")"
    return "\(method) \(isSecure ? "https" : "http")://\(host)\(shown)\(path)"
  }
}

extension String {
  fileprivate func covers(_ method: String) -> Bool { self == "*" || self == method }
}
