/// The place an envelope is published to.
///
/// `promethean.p.<provider>.t.<tenant>.<area>.<name>` belongs to a tenant, `promethean.sys.<area>.<name>` to the host.
/// A name may have several tokens. Topics are valid NATS subjects.
public struct Topic: Sendable, Hashable, CustomStringConvertible {
  /// The longest topic, in bytes: every connection and the journal's index hold many.
  public static let sizeMax = 256
  /// The most tokens of a topic: a bound on the depth of the router's trie.
  public static let tokensMax = 16
  /// The areas whose envelopes the journal records.
  public static let durableAreas: Set<String> = ["events", "social", "rest", "jobs"]

  /// The provider; empty on the host's own topics.
  public let provider: String
  /// The tenant; empty on the host's own topics.
  public let tenant: String
  /// The kind of traffic, such as `events`.
  public let area: String
  /// The rest, which may contain dots.
  public let name: String
  /// The whole topic as text.
  public let description: String

  /// Whether it belongs to the host rather than to a tenant.
  public var isSystem: Bool { provider.isEmpty }
  /// Whether the journal records what is published here; the host's own topics are ephemeral.
  public var isDurable: Bool { !isSystem && Self.durableAreas.contains(area) }

  /// Creates a topic from its text.
  public init(_ text: String) throws(TopicError) {
    func fail(_ reason: String) -> TopicError { TopicError(text: text, reason: reason) }
    guard text.utf8.count <= Self.sizeMax else {
      throw fail("expected at most \(Self.sizeMax) bytes, found \(text.utf8.count)")
    }
    let tokens = TokenRule.tokens(of: text)
    guard tokens.count <= Self.tokensMax else {
      throw fail("expected at most \(Self.tokensMax) tokens, found \(tokens.count)")
    }
    let nameStart: Int
    if tokens.count >= 7, tokens[0] == "promethean", tokens[1] == "p", tokens[3] == "t" {
      guard TokenRule.isName(tokens[2]) else {
        throw fail("expected a provider of \(TokenRule.nameRule), found '\(tokens[2])'")
      }
      guard TokenRule.isName(tokens[4]) else {
        throw fail("expected a tenant of \(TokenRule.nameRule), found '\(tokens[4])'")
      }
      (provider, tenant) = (String(tokens[2]), String(tokens[4]))
      nameStart = 6
    } else if tokens.count >= 4, tokens[0] == "promethean", tokens[1] == "sys" {
      (provider, tenant) = ("", "")
      nameStart = 3
    } else {
      throw fail("expected promethean.p.<provider>.t.<tenant>.<area>.<name> or promethean.sys.<area>.<name>")
    }
    let area = tokens[nameStart - 1]
    guard TokenRule.isArea(area) else { throw fail("expected an area of a-z, found '\(area)'") }
    for token in tokens[nameStart...] where !TokenRule.isTopicToken(token) {
      throw fail("expected a name token of \(TokenRule.topicTokenRule), found '\(token)'")
    }
    self.area = String(area)
    name = String(text[tokens[nameStart].startIndex...])
    description = text
  }

  /// Creates a topic of a tenant.
  public init(provider: String, tenant: String, area: String, name: String) throws(TopicError) {
    try self.init("promethean.p.\(provider).t.\(tenant).\(area).\(name)")
  }

  /// Creates a topic of the host's own.
  public static func system(area: String, name: String) throws(TopicError) -> Topic {
    try Topic("promethean.sys.\(area).\(name)")
  }
}
