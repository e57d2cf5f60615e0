package import Envelope

/// What a capability is about: which topics, hosts, collections and so on.
package enum Resource: Sendable, Hashable, CustomStringConvertible {
  /// Whatever the capability knows.
  case everything
  case topics(TopicPattern)
  case endpoint(Endpoint)
  case fetch(FetchPattern)
  case collection(StarPattern, Access)
  case path(PathPrefix)
  /// Routes, key names, models or space URNs.
  case named(StarPattern)

  /// What may be done with a collection; to write does not include to read.
  package struct Access: OptionSet, Sendable, Hashable, CustomStringConvertible {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
      self.rawValue = rawValue
    }

    package static let read = Access(rawValue: 1)
    package static let write = Access(rawValue: 2)

    init?(name: Substring) {
      switch name {
      case "read": self = .read
      case "write": self = .write
      default: return nil
      }
    }

    package var description: String {
      [contains(.read) ? "read" : nil, contains(.write) ? "write" : nil].compactMap(\.self).joined(separator: "+")
    }
  }

  /// Tells whether everything that `other` stands for is within this one.
  package func covers(_ other: Resource) -> Bool {
    switch (self, other) {
    case (.everything, _): true
    case (.topics(let mine), .topics(let theirs)): mine.covers(theirs)
    case (.endpoint(let mine), .endpoint(let theirs)): mine.covers(theirs)
    case (.fetch(let mine), .fetch(let theirs)): mine.covers(theirs)
    case (.collection(let mine, let access), .collection(let theirs, let wanted)):
      mine.covers(theirs) && access.isSuperset(of: wanted)
    case (.path(let mine), .path(let theirs)): mine.covers(theirs)
    case (.named(let mine), .named(let theirs)): mine.covers(theirs)
    default: false
    }
  }

  /// The largest answer to a fetch, in bytes; 0 where there is nothing to cap.
  var limit: Int {
    if case .fetch(let fetch) = self { fetch.limit } else { 0 }
  }

  /// The parts that together are the same: a group of topics as its alternatives, so that each may be covered by
  /// another grant.
  var parts: [Resource] {
    guard case .topics(let pattern) = self else { return [self] }
    return pattern.alternatives.compactMap { tokens in
      let text = tokens.map { token in
        switch token {
        case .literal(let literal): literal
        case .any: "*"
        case .rest: ">"
        }
      }
      return (try? TopicPattern(text.joined(separator: "."))).map { .topics($0) }
    }
  }

  package var description: String {
    switch self {
    case .everything: "everything"
    case .topics(let pattern): pattern.description
    case .endpoint(let endpoint): endpoint.description
    case .fetch(let fetch): fetch.description
    case .collection(let name, let access): "\(name):\(access)"
    case .path(let path): path.description
    case .named(let pattern): pattern.description
    }
  }
}

/// One capability over one resource: what a plugin requests, or what its operator grants.
package struct Grant: Sendable, Hashable, CustomStringConvertible {
  package var capability: Capability
  package var resource: Resource
  /// The line that says so.
  package var location: SourceLocation

  package init(_ capability: Capability, _ resource: Resource, at location: SourceLocation) {
    self.capability = capability
    self.resource = resource
    self.location = location
  }

  package var description: String {
    resource == .everything ? capability.name : "\(capability.name) \(resource)"
  }
}
