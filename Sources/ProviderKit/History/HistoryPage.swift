public import PluginKit

/// What a page of history has brought: how much was recorded, which time is complete by it, and where it goes on.
public struct HistoryPage: Sendable, Hashable {
  /// How many messages were recorded.
  public var messages: Int
  /// When the newest of what is complete by this page was written, in milliseconds since 1970; nil: nothing is.
  public var newest: Int64?
  /// When the oldest of it was.
  public var oldest: Int64?
  /// What the next page is asked for by; nil: there is none.
  public var next: String?
  /// Whether the provider shows no more although there may be more.
  public var isTruncated: Bool

  /// A page as it is.
  public init(messages: Int, newest: Int64?, oldest: Int64?, next: String?, isTruncated: Bool = false) {
    (self.messages, self.newest, self.oldest) = (messages, newest, oldest)
    (self.next, self.isTruncated) = (next, isTruncated)
  }

  /// As it is answered; `end` says that there is nothing older.
  var json: JSON {
    var data: JSONObject = [
      "messages": .int(Int64(messages)), "newest": newest.map { .int($0) } ?? .null,
      "oldest": oldest.map { .int($0) } ?? .null, "next": next.map { .string($0) } ?? .null,
      "end": .bool(next == nil && !isTruncated),
    ]
    if isTruncated { data["truncated"] = true }
    return .object(data)
  }
}

/// Spaces whose history a tenant can read.
public struct SpacePage: Sendable, Hashable {
  /// A space, and what people call it.
  public struct Space: Sendable, Hashable {
    /// Its name among all.
    public let urn: URN
    /// What people call it; nil: nothing else.
    public let name: String?

    /// A space as it is.
    public init(urn: URN, name: String?) {
      (self.urn, self.name) = (urn, name)
    }
  }

  /// The most spaces of a page: with a short name each they fit an answer.
  public static let spacesMax = 200

  /// Those of this page.
  public var spaces: [Space]
  /// What the next page is asked for by; nil: there is none.
  public var next: String?

  /// A page as it is.
  public init(spaces: [Space], next: String? = nil) {
    (self.spaces, self.next) = (spaces, next)
  }

  /// As it is answered, with the names or, where these have no room, without.
  func json(named: Bool) -> JSON {
    let list = spaces.map { space -> JSON in
      var json: JSONObject = ["space_urn": .string(space.urn.description)]
      if named, let name = space.name { json["name"] = .string(name) }
      return .object(json)
    }
    return ["spaces": .array(list), "next": next.map { .string($0) } ?? .null]
  }
}

/// Why a provider shows no history: an answer that says no, by the status that its API would say it with.
public struct HistoryRefusal: Error, Hashable, CustomStringConvertible {
  /// 400: no such kind of space; 403: hidden or not allowed; 404: not there; 429 and from 500 on: another time.
  public let status: Int
  /// Why, for people.
  public let description: String
  /// Nanoseconds after which it may be asked for again; 0: nobody has said.
  public let retryAfter: Int64

  /// A refusal that says why.
  public init(_ status: Int, _ description: String, retryAfter: Int64 = 0) {
    (self.status, self.description, self.retryAfter) = (status, description, retryAfter)
  }
}
