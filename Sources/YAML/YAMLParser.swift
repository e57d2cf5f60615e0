/// Bounds of what is read: manifests are written by people.
package struct YAMLLimits: Sendable {
  /// Bytes of the whole text.
  package var bytes: Int
  /// Sequences and mappings inside each other.
  package var depth: Int
  /// Scalars, sequences and mappings together.
  package var nodes: Int

  package init(bytes: Int = 1 << 20, depth: Int = 32, nodes: Int = 100_000) {
    self.bytes = bytes
    self.depth = depth
    self.nodes = nodes
  }
}

extension YAMLNode {
  /// Reads a text of exactly one YAML document, in UTF-8.
  ///
  /// What makes YAML surprising is refused: anchors and aliases (a small text can stand for a huge one), tags,
  /// duplicate keys, keys that are not scalars, several documents.
  package static func parse(_ bytes: [UInt8], limits: YAMLLimits = YAMLLimits()) throws(YAMLError) -> YAMLNode {
    guard bytes.count <= limits.bytes else {
      throw YAMLError(
        mark: YAMLMark(line: 1, column: 1),
        message: "the file has \(bytes.count) bytes, \(limits.bytes) are allowed"
      )
    }
    var reader = YAMLReader(bytes, limits: limits)
    return try reader.document()
  }

  package static func parse(_ text: String, limits: YAMLLimits = YAMLLimits()) throws(YAMLError) -> YAMLNode {
    try parse(Array(text.utf8), limits: limits)
  }
}

/// Builds nodes from the stream of events, by recursive descent no deeper than the limit.
private struct YAMLReader {
  private let events: YAMLEvents
  private let limits: YAMLLimits
  private var nodes = 0

  init(_ bytes: [UInt8], limits: YAMLLimits) {
    events = YAMLEvents(bytes)
    self.limits = limits
  }

  mutating func document() throws(YAMLError) -> YAMLNode {
    var event = try events.next()
    while event.kind == .streamStart || event.kind == .documentStart { event = try events.next() }
    guard event.kind != .streamEnd else { throw YAMLError(mark: event.mark, message: "the file is empty") }
    let root = try node(event, depth: 0)
    event = try events.next()
    while event.kind == .documentEnd { event = try events.next() }
    guard event.kind == .streamEnd else {
      throw YAMLError(mark: event.mark, message: "a second document begins here; a file holds one")
    }
    return root
  }

  private mutating func node(_ event: YAMLEvent, depth: Int) throws(YAMLError) -> YAMLNode {
    nodes += 1
    guard nodes <= limits.nodes else {
      throw YAMLError(mark: event.mark, message: "the file holds more than \(limits.nodes) values")
    }
    guard depth < limits.depth || !event.kind.isCollection else {
      throw YAMLError(mark: event.mark, message: "nested deeper than \(limits.depth) levels")
    }
    switch event.kind {
    case .scalar(let scalar): return YAMLNode(.scalar(scalar), at: event.mark)
    case .sequenceStart: return YAMLNode(.sequence(try sequence(depth: depth)), at: event.mark)
    case .mappingStart: return YAMLNode(.mapping(try mapping(depth: depth)), at: event.mark)
    default: throw YAMLError(mark: event.mark, message: "expected a value")
    }
  }

  private mutating func sequence(depth: Int) throws(YAMLError) -> [YAMLNode] {
    var elements: [YAMLNode] = []
    while true {
      let event = try events.next()
      if event.kind == .sequenceEnd { return elements }
      elements.append(try node(event, depth: depth + 1))
    }
  }

  private mutating func mapping(depth: Int) throws(YAMLError) -> [YAMLEntry] {
    var entries: [YAMLEntry] = []
    var seen: [String: YAMLMark] = [:]
    while true {
      let event = try events.next()
      if event.kind == .mappingEnd { return entries }
      guard case .scalar(let key) = event.kind, key.value != .null else {
        throw YAMLError(mark: event.mark, message: "a key must be a text")
      }
      if let first = seen.updateValue(event.mark, forKey: key.text) {
        throw YAMLError(
          mark: event.mark,
          message: "\"\(key.text)\" stands here a second time; first in line \(first.line)"
        )
      }
      let value = try node(try events.next(), depth: depth + 1)
      entries.append(YAMLEntry(key: key.text, keyMark: event.mark, value: value))
    }
  }
}
