internal import Envelope
internal import YAML

extension ManifestValue {
  /// Reads the name of a capability, with a word of help when it is none.
  func capability() -> Capability? {
    guard let text = plainText else {
      mismatch("the name of a capability")
      return nil
    }
    if let capability = Capability(rawValue: text) { return capability }
    let names = Capability.allCases.map(\.name)
    let hint = text.nearest(in: names).map { "did you mean \"\($0)\"?" } ?? "expected \(names.spelledOut("or"))"
    report("unknown capability \"\(text)\"; \(hint)")
    return nil
  }

  /// Reads the resources of a capability, each with its own place; what has none stands where its key does.
  func resources(of capability: Capability, key: SourceLocation) -> [Grant] {
    switch capability.syntax {
    case .none: return everything(of: capability, key: key)
    case .routes where isEmptyOrNull: return everything(of: capability, key: key)
    case .collections: return collections(of: capability)
    case .fetches where isMapping: return fetches(of: capability)
    default:
      return list { item in
        item.parsed { try Resource($0, of: capability) }.map { Grant(capability, $0, at: item.location) }
      }
    }
  }

  private var isMapping: Bool {
    if case .mapping = node.content { true } else { false }
  }

  private var isEmptyOrNull: Bool {
    if case .mapping(let entries) = node.content { entries.isEmpty } else { isNull }
  }

  private func everything(of capability: Capability, key: SourceLocation) -> [Grant] {
    guard isEmptyOrNull else {
      mismatch("{}, for \(capability.name) has nothing to choose")
      return []
    }
    return [Grant(capability, .everything, at: key)]
  }

  /// Reads `{ messages: write, threads: [read, write] }`.
  private func collections(of capability: Capability) -> [Grant] {
    entries { key, value in
      guard let name = key.plainText, Resource.isCollection(name) else {
        key.report("\"\(key.plainText ?? "")\" is no name of a collection; expected letters, digits, - and _, or *")
        return nil
      }
      return value.access().map { Grant(capability, .collection(StarPattern(name), $0), at: key.location) }
    }
  }

  private func access() -> Resource.Access? {
    if let text = plainText {
      if let access = Resource.Access(name: text[...]) { return access }
    } else if case .sequence(let nodes) = node.content, !nodes.isEmpty {
      let each = nodes.compactMap { child($0, name).plainText }.compactMap { Resource.Access(name: $0[...]) }
      if each.count == nodes.count { return Resource.Access(each) }
    }
    mismatch("read, write or [read, write]")
    return nil
  }

  /// Reads `{ "GET https://example.com/*": 1MiB }`.
  private func fetches(of capability: Capability) -> [Grant] {
    entries { key, value in
      guard let limit = value.bytes(in: 1...FetchPattern.limitMax) else { return nil }
      let fetch = key.parsed { try FetchPattern($0, limit: limit) }
      return fetch.map { Grant(capability, .fetch($0), at: key.location) }
    }
  }
}

extension Resource {
  /// Reads one resource as a manifest's list has it.
  init(_ text: String, of capability: Capability) throws {
    switch capability.syntax {
    case .topics: self = .topics(try TopicPattern(manifest: text, of: capability))
    case .endpoints: self = .endpoint(try Endpoint(text))
    case .fetches: self = .fetch(try FetchPattern(text))
    case .paths: self = .path(try PathPrefix(text))
    case .spaces:
      guard text.hasPrefix("urn:") || text == "*" else {
        throw ResourceError("\"\(text)\" is no pattern of URNs; expected urn:…")
      }
      self = .named(StarPattern(text))
    case .routes, .names, .models: self = .named(StarPattern(text))
    case .none, .collections: throw ResourceError("\(capability.name) takes no list")
    }
  }

  static func isCollection(_ name: String) -> Bool {
    name == "*"
      || (1...63).contains(name.utf8.count)
        && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
  }
}

extension TopicPattern {
  /// Reads a pattern, and refuses one that no topic can match, or that only the host may publish to.
  fileprivate init(manifest text: String, of capability: Capability) throws {
    let pattern = try TopicPattern(text)
    let (tenants, host) = (try TopicPattern("promethean.p.*.t.*.>"), try TopicPattern("promethean.sys.>"))
    guard pattern.overlaps(tenants) || capability == .subscribe && pattern.overlaps(host) else {
      let expected = "expected promethean.p.<provider>.t.<tenant>.<area>.<name>"
      let reason = pattern.overlaps(host) ? "only the host publishes there" : "no topic matches; \(expected)"
      throw ResourceError("topic \"\(text)\": \(reason)")
    }
    self = pattern
  }
}
