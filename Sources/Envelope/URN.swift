/// A name for a thing of a provider's: `urn:<provider>:<kind>:<tenant>:<id>`.
///
/// The id is the provider's own and opaque; it may contain colons (`did:plc:…`).
public struct URN: Sendable, Hashable, CustomStringConvertible {
  /// The longest URN, in bytes: a text field of an envelope.
  public static let sizeMax = 1024

  /// The provider, such as `echo`.
  public let provider: String
  /// The kind of thing, such as `channel`.
  public let kind: String
  /// The tenant through whose eyes it is seen.
  public let tenant: String
  /// The provider's own id.
  public let id: String

  /// Creates a URN from its text.
  public init(_ text: String) throws(URNError) {
    // By bytes, since an id may begin with a mark that would join the colon to one character.
    let parts = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 4, omittingEmptySubsequences: false)
      .map { String(Substring($0)) }
    guard parts.count == 5, parts[0] == "urn" else {
      throw URNError(text: text, reason: "expected urn:<provider>:<kind>:<tenant>:<id>")
    }
    try self.init(
      provider: String(parts[1]),
      kind: String(parts[2]),
      tenant: String(parts[3]),
      id: String(parts[4])
    )
  }

  /// Creates a URN from its parts.
  public init(provider: String, kind: String, tenant: String, id: String) throws(URNError) {
    (self.provider, self.kind, self.tenant, self.id) = (provider, kind, tenant, id)
    for (part, name) in [("provider", provider), ("kind", kind), ("tenant", tenant)] where !TokenRule.isName(name) {
      throw URNError(text: description, reason: "expected a \(part) of \(TokenRule.nameRule), found '\(name)'")
    }
    guard !id.isEmpty else { throw URNError(text: description, reason: "expected an id, found nothing") }
    guard id.unicodeScalars.allSatisfy(Self.isAllowed) else {
      throw URNError(text: description, reason: "expected an id without spaces and control characters")
    }
    guard description.utf8.count <= Self.sizeMax else {
      throw URNError(
        text: String(description.prefix(64)) + "…",
        reason: "expected at most \(Self.sizeMax) bytes, found \(description.utf8.count)"
      )
    }
  }

  /// The whole URN as text.
  public var description: String { "urn:\(provider):\(kind):\(tenant):\(id)" }

  /// The id as one token of a topic: every byte but letters, digits, `_` and `-` as `%XX`.
  public var topicToken: String { TokenRule.percentEncoded(id) }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    !scalar.properties.isWhitespace && scalar.properties.generalCategory != .control
  }
}

/// The reason why some text is not a URN.
public struct URNError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The text in question.
  public let text: String
  /// What was expected and what was found.
  public let reason: String

  /// The message for people.
  public var description: String { "URN \(text.debugDescription): \(reason)" }
}
