/// A place in a YAML text: line and column as people and editors count them, from 1.
package struct YAMLMark: Sendable, Hashable {
  package var line: Int
  /// In characters (Unicode scalars), not bytes.
  package var column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}

/// Why a YAML text was refused, and where.
package struct YAMLError: Error, Sendable, Hashable, CustomStringConvertible {
  package var mark: YAMLMark
  package var message: String

  package var description: String { "\(mark.line):\(mark.column): \(message)" }
}

/// One value of a YAML text: a scalar, a sequence or a mapping, with where it begins.
package struct YAMLNode: Sendable, Hashable {
  package enum Content: Sendable, Hashable {
    case scalar(YAMLScalar)
    case sequence([YAMLNode])
    /// In the order of the text, no key twice.
    case mapping([YAMLEntry])
  }

  package var content: Content
  package var mark: YAMLMark

  package init(_ content: Content, at mark: YAMLMark) {
    self.content = content
    self.mark = mark
  }
}

/// A key of a mapping and its value.
package struct YAMLEntry: Sendable, Hashable {
  package var key: String
  package var keyMark: YAMLMark
  package var value: YAMLNode
}
