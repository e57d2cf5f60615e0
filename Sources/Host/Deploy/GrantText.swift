internal import Envelope

/// Grants as one line of text each, which says everything that they say and can be read back.
extension Grant {
  /// The capability, then its resource: `http.fetch GET https://example.com/* 1MiB`, `storage.documents messages:read`.
  package var line: String {
    switch resource {
    case .everything: capability.name
    case .fetch(let fetch): "\(capability.name) \(fetch) \(ByteCount.text(fetch.limit))"
    default: "\(capability.name) \(resource)"
    }
  }

  /// Reads such a line.
  init(line: String, at location: SourceLocation) throws {
    let (name, rest) = line.splitOnce(at: " ")
    guard let capability = Capability(rawValue: String(name)) else {
      throw ResourceError("unknown capability \"\(name)\"")
    }
    guard let rest = rest.map(String.init) else {
      switch capability.syntax {
      case .none, .routes: self.init(capability, .everything, at: location)
      default: throw ResourceError("\(capability.name) needs a resource")
      }
      return
    }
    self.init(capability, try Self.resource(rest, of: capability), at: location)
  }

  private static func resource(_ text: String, of capability: Capability) throws -> Resource {
    switch capability.syntax {
    case .fetches:
      let words = text.split(separator: " ")
      guard words.count == 3, let limit = ByteCount.parse(String(words[2])), (1...FetchPattern.limitMax).contains(limit)
      else { throw ResourceError("\"\(text)\" is not METHOD URL SIZE") }
      return .fetch(try FetchPattern("\(words[0]) \(words[1])", limit: limit))
    case .collections:
      guard let colon = text.lastIndex(of: ":"), Resource.isCollection(String(text[..<colon])) else {
        throw ResourceError("\"\(text)\" is not COLLECTION:read, COLLECTION:write or COLLECTION:read+write")
      }
      let words = text[text.index(after: colon)...].split(separator: "+", omittingEmptySubsequences: false)
      let access = words.compactMap { Resource.Access(name: $0) }
      guard access.count == words.count else { throw ResourceError("\"\(text)\" ends in neither read nor write") }
      return .collection(StarPattern(String(text[..<colon])), Resource.Access(access))
    default:
      return try Resource(text, of: capability)
    }
  }
}
