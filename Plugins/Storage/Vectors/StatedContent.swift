internal import PluginKit

/// What a document says that its vectors are made of, where that is not its text.
enum StatedContent: Hashable {
  /// Bytes that somebody else has, such as a picture's.
  case digest(VectorContent)
  /// Nothing: it has no vectors.
  case nothing

  /// Reads a column of the table, which lets nothing else in but by somebody's hand.
  init(stored text: String) {
    self = VectorContent(text).map(StatedContent.digest) ?? .nothing
  }

  /// What stands in the table.
  var stored: String {
    switch self {
    case .digest(let content): content.text
    case .nothing: ""
    }
  }

  var json: JSON {
    switch self {
    case .digest(let content): .string(content.text)
    case .nothing: .null
    }
  }
}

/// What the vectors of a document are made of.
enum VectorSource: Hashable {
  /// Its text; nil: that may still come.
  case text(String?)
  case stated(StatedContent)

  init(_ content: StatedContent?, text: String?) {
    self = content.map(VectorSource.stated) ?? .text(text)
  }

  /// Whether a document made of it is to have a vector; in SQL: `coalesce(content, text) <> ''`.
  var wantsVector: Bool {
    switch self {
    case .text(let text): text?.isEmpty == false
    case .stated(let content): content != .nothing
    }
  }

  /// Whether a vector of that content is one of this, as far as is known.
  func accepts(_ content: VectorContent) -> Bool {
    switch self {
    case .text(let text): text.map { VectorContent(of: $0) == content } ?? true
    case .stated(let stated): stated == .digest(content)
    }
  }
}

extension RequestFields {
  /// What vectors are made of: nil if nothing is said of it, and nothing if that is said.
  func statedContent(_ key: String) throws(StorageError) -> StatedContent? {
    if isNull(key) { return .nothing }
    guard let text = try text(key) else { return nil }
    guard let content = VectorContent(text) else {
      throw expected("a SHA-256 in 64 lower-case digits or null", key)
    }
    return .digest(content)
  }
}
