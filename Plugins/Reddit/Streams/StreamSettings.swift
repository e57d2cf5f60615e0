internal import PluginKit
internal import ProviderKit

/// What is read again and again, and how often.
struct StreamSettings: Sendable {
  /// The listings, by their paths.
  var paths: [String] = []
  /// The subreddits among them, each by its name alone.
  var subreddits: [String] = []
  /// Whether the inbox is read where there is an account.
  var readsInbox: Bool
  /// How many things of a listing are told that were there before it was first read.
  var history: Int
  /// For how long things are looked at again, ns; 0: never.
  var reread: Int64
  /// How often a listing is read at most and at least, ns between.
  var fastest: Int64
  var slowest: Int64
  /// What all listings together may ask for, in a minute.
  var perMinute: Int

  /// The listing of what is written to the account.
  static let inbox = "/message/inbox"
  /// The most listings: each is asked for at least once in `slowest`.
  private static let pathsMax = 500

  /// Reads `subreddits`, `streams`, `inbox`, `history`, `reread`, `fastest`, `slowest`, `requests_per_minute`; where no
  /// subreddits are said, those that are allowed by name.
  init(_ config: Config, allowed: [String]) throws {
    readsInbox = try config.bool("inbox", default: true)
    history = try config.int("history", default: 100, in: 0...Stream.listingMax)
    reread = try config.duration("reread", default: .seconds(86_400)).nanoseconds
    fastest = max(try config.duration("fastest", default: .seconds(2)).nanoseconds, 1_000_000)
    slowest = max(try config.duration("slowest", default: .seconds(60)).nanoseconds, fastest)
    perMinute = try config.int("requests_per_minute", default: 100, in: 1...10_000)
    for name in try config.strings("subreddits", default: allowed.filter { $0 != "*" }) {
      let name = AllowList.plain(name)
      guard Self.isSubreddit(name) else {
        throw ProviderError("config.subreddits: expected names such as askreddit, found \"\(name.prefix(64))\"")
      }
      paths += ["/r/\(name)/new", "/r/\(name)/comments"]
      subreddits += name.split(separator: "+").map(String.init)
    }
    for path in try config.strings("streams", default: []) {
      let path = path.hasPrefix("/") ? path : "/\(path)"
      do { _ = try RESTPath(path, like: RESTCall.example) } catch {
        throw ProviderError("config.streams: \(error)")
      }
      paths.append(path)
    }
    var known: Set<String> = []
    paths.removeAll { !known.insert($0.lowercased()).inserted }
    guard paths.count <= Self.pathsMax else {
      throw ProviderError("config.streams: expected at most \(Self.pathsMax) listings, found \(paths.count)")
    }
  }

  /// What the token has to be good for.
  func scopes(hasAccount: Bool) -> Set<String> {
    var scopes: Set<String> = []
    for path in paths {
      if path.hasPrefix("/message/") {
        scopes.insert("privatemessages")
      } else if path.hasPrefix("/user/") {
        scopes.insert("history")
      } else {
        scopes.insert("read")
      }
    }
    if readsInbox, hasAccount { scopes.insert("privatemessages") }
    return scopes
  }

  /// Letters, digits and `_`, and `+` between several.
  static func isSubreddit(_ name: String) -> Bool {
    !name.isEmpty
      && name.split(separator: "+", omittingEmptySubsequences: false).allSatisfy { part in
        !part.isEmpty
          && part.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            }
          }
      }
  }
}

extension Duration {
  /// Nanoseconds.
  var nanoseconds: Int64 { Int64(self / .nanoseconds(1)) }
}
