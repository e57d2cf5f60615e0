/// Which calls an operator allows: `GET /channels/*`, where `*` stands for any run of characters; `*` as the method for
/// all methods, and alone for all calls.
struct RoutePattern: Sendable, Hashable, CustomStringConvertible {
  let method: String
  private let path: [UInt8]

  private static let star = UInt8(ascii: "*")

  init(_ text: String) throws(DiscordError) {
    let words = text == "*" ? ["*", "*"] : text.split(separator: " ")
    guard words.count == 2, words[1].hasPrefix("/") || words[1] == "*",
      words[0] == "*" || Route.methods.contains(String(words[0]))
    else {
      throw DiscordError(
        "provider.rest.call: expected a method or *, and a path, such as \"GET /channels/*\", found \"\(text)\""
      )
    }
    method = String(words[0])
    path = Array(words[1].utf8)
  }

  var description: String { "\(method) \(String(decoding: path, as: UTF8.self))" }

  /// Whether a call is meant; its query plays no part.
  func matches(_ route: Route) -> Bool {
    (method == "*" || method == route.method) && matches(Array(route.path.path.utf8))
  }

  /// Matches greedily, going back to the last star only: no input takes more than quadratic time.
  private func matches(_ text: [UInt8]) -> Bool {
    var (mine, theirs) = (0, 0)
    var retry: (mine: Int, theirs: Int)?
    while theirs < text.count {
      if mine < path.count, path[mine] == Self.star {
        mine += 1
        retry = (mine, theirs)
      } else if mine < path.count, path[mine] == text[theirs] {
        mine += 1
        theirs += 1
      } else if let last = retry {
        (mine, theirs) = (last.mine, last.theirs + 1)
        retry = (mine, theirs)
      } else {
        return false
      }
    }
    return path[mine...].allSatisfy { $0 == Self.star }
  }
}
