internal import PluginKit
internal import ProviderKit

/// What a call is, as far as limits go: its method, the shape of its path, and what its bucket is kept apart by.
///
/// The shape is derived by a general rule and not looked up, so that endpoints that Discord adds work on their first
/// day.
///
/// Source: https://discord.com/developers/docs/topics/rate-limits
struct Route: Sendable, Hashable {
  /// In upper case.
  let method: String
  /// The path, checked.
  let path: RESTPath
  /// The path with a placeholder for every id, name and token: fit for logs and metrics.
  let template: String
  /// What one path has several buckets by: the age of a message that is deleted.
  let variant: String
  /// The channel, guild, or webhook (and its token) whose limits are its own; empty: none.
  let major: String
  /// Whether it is an interaction's, which the global limit does not count.
  let isExempt: Bool
  /// The webhook and its token, if it is called by these.
  let webhook: String?
  /// Whether its limits are kept per guild in a way that the headers do not tell: one call at a time then.
  let isMisreported: Bool

  static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
  /// A path as it is to be, for messages about what is none.
  static let example = "/channels/1/messages"

  /// What limits are learnt by, before Discord has named a bucket.
  var kind: String { "\(method) \(template)\(variant)" }
  /// The kind in words for people.
  var name: String { "\(method) \(template)" }
  /// Whether it changes something, so that its order among others is seen.
  var isWrite: Bool { method != "GET" }

  /// Reads a method and a path, at a time in milliseconds since 1970, for the age of messages.
  init(method: String, path text: String, now: Int64) throws(RESTFailure) {
    guard Self.methods.contains(method) else {
      throw .refused("method: expected one of \(Self.methods.joined(separator: ", ")), found \(method.prefix(16))")
    }
    let path = try RESTPath(text, like: Self.example)
    guard path.segments.first != "api" else {
      throw .refused("path: expected a path below /api/v10, found one that begins with /api")
    }
    self.method = method
    self.path = path
    let shape = try RouteShape(path.segments)
    template = shape.template
    major = shape.major
    isExempt = shape.isInteraction
    webhook = shape.webhook
    isMisreported = path.segments.count > 2 && path.segments[0] == "guilds" && path.segments[2] == "emojis"
    variant = method == "DELETE" ? Self.age(of: path.segments, now: now) : ""
  }

  /// Deleting messages that are quite new or rather old has limits of its own.
  ///
  /// Source: https://github.com/discord/discord-api-docs/issues/1092 and #1295
  private static func age(of segments: [String], now: Int64) -> String {
    guard segments.count == 4, segments[0] == "channels", segments[2] == "messages", let id = Snowflake(segments[3])
    else { return "" }
    let age = now - id.millisecondsSince1970
    if age < 10_000 { return " (new)" }
    return age > 14 * 86_400_000 ? " (old)" : ""
  }
}

/// The shape of a path, which its segments tell.
struct RouteShape {
  private(set) var template = ""
  private(set) var major = ""
  private(set) var webhook: String?
  private(set) var isInteraction = false

  /// Words behind which a name stands that is no id.
  private static let named = [
    "reactions": "{emoji}", "invites": "{code}", "templates": "{code}", "activity-instances": "{instance}",
  ]
  /// The longest word that is taken for one of the API's own.
  private static let wordMax = 40
  /// How tokens of interactions begin: `interaction:` in base64.
  private static let interactionMark = "aW50ZXJhY3Rpb246"

  init(_ segments: [String]) throws(RESTFailure) {
    for (place, segment) in segments.enumerated() { template += "/" + Self.shown(segment, at: place, of: segments) }
    guard segments.count > 1 else { return }
    switch segments[0] {
    case "channels": major = try Self.id("channel", segments[1])
    case "guilds" where segments[1] != "templates": major = try Self.id("guild", segments[1])
    case "interactions":
      major = try Self.id("interaction", segments[1])
      isInteraction = true
    case "webhooks":
      major = try Self.id("webhook", segments[1])
      guard segments.count > 2 else { break }
      major += "/" + segments[2]
      webhook = major
      isInteraction = segments[2].hasPrefix(Self.interactionMark)
    default: break
    }
  }

  /// What stands for a segment.
  private static func shown(_ segment: String, at place: Int, of segments: [String]) -> String {
    if place == 2, ["webhooks", "interactions"].contains(segments[0]) { return "{token}" }
    if place > 0, let name = named[segments[place - 1]] { return name }
    if segment.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return "{id}" }
    let isWord =
      segment.utf8.count <= wordMax
      && segment.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-_.@".utf8.contains(byte)
        }
      }
    return isWord ? segment : "{name}"
  }

  private static func id(_ what: String, _ segment: String) throws(RESTFailure) -> String {
    guard Snowflake(segment) != nil else {
      let found = segment.utf8.count <= 20 ? "\"\(segment)\"" : "\(segment.utf8.count) bytes"
      throw .refused("path: expected the id of a \(what), which is a number, found \(found)")
    }
    return segment
  }
}
