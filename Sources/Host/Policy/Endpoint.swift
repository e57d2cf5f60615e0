/// Why a text is no resource of a capability.
struct ResourceError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) {
    self.description = description
  }
}

/// Which hosts are meant: one by name or address, all under a domain, or all.
package enum HostPattern: Sendable, Hashable, CustomStringConvertible {
  case any
  /// The names that end in a dot and this; not the domain itself.
  case under(String)
  case one(String)

  init(_ text: some StringProtocol) throws(ResourceError) {
    // Some other letters have an ASCII one as their lower case.
    guard text.utf8.allSatisfy({ $0 < 0x80 }) else { throw ResourceError("\"\(text)\" is no host; expected ASCII") }
    let host = text.lowercased()
    let domain = host.hasPrefix("*.") ? String(host.dropFirst(2)) : host
    if host == "*" {
      self = .any
    } else if Self.isName(domain) {
      self = domain == host ? .one(host) : .under(domain)
    } else if host.hasPrefix("["), host.hasSuffix("]"), Self.isAddress(host.dropFirst().dropLast()) {
      self = .one(host)
    } else {
      throw ResourceError("\"\(text)\" is no host; expected a name, *.domain, an address, or *")
    }
  }

  private static func isName(_ text: String) -> Bool {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    return text.utf8.count <= 253
      && labels.allSatisfy { label in
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
          && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
      }
  }

  private static func isAddress(_ text: Substring) -> Bool {
    text.contains(":") && text.allSatisfy { $0.isASCII && $0.isHexDigit || $0 == ":" || $0 == "." }
  }

  func covers(_ other: HostPattern) -> Bool {
    switch (self, other) {
    case (.any, _): true
    case (.under(let domain), .one(let host)): host.hasSuffix(".\(domain)")
    case (.under(let domain), .under(let inner)): inner == domain || inner.hasSuffix(".\(domain)")
    case (.one(let mine), .one(let theirs)): mine == theirs
    default: false
    }
  }

  package var description: String {
    switch self {
    case .any: "*"
    case .under(let domain): "*.\(domain)"
    case .one(let host): host
    }
  }
}

/// Where a plugin may dial: `api.example:443`, `*.chat.example:443`, `udp://*.media.example:*`.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
  package enum Network: String, Sendable {
    case tcp, udp
  }

  package var network: Network
  package var host: HostPattern
  /// Nil: any port.
  package var port: UInt16?

  init(_ text: String) throws(ResourceError) {
    var rest = text[...]
    network = .tcp
    if let scheme = rest.firstRange(of: "://") {
      guard let network = Network(rawValue: String(rest[..<scheme.lowerBound])) else {
        throw ResourceError("\"\(text)\" begins with neither tcp:// nor udp://")
      }
      self.network = network
      rest = rest[scheme.upperBound...]
    }
    guard let colon = rest.lastIndex(of: ":") else {
      throw ResourceError("\"\(text)\" names no port; expected host:port")
    }
    let port = rest[rest.index(after: colon)...]
    guard port == "*" || (UInt16(port) ?? 0) > 0, port.first != "+" else {
      throw ResourceError("\"\(port)\" is no port; expected 1 to 65535 or *")
    }
    self.port = UInt16(port)
    host = try HostPattern(rest[..<colon])
  }

  func covers(_ other: Endpoint) -> Bool {
    network == other.network && host.covers(other.host) && (port == nil || port == other.port)
  }

  /// Whether it names one host and one port.
  var isConcrete: Bool {
    if case .one = host { return port != nil }
    return false
  }

  package var description: String {
    (network == .udp ? "udp://" : "") + "\(host):\(port.map { "\($0)" } ?? "*")"
  }
}
