internal import PluginKit

/// Which calls an operator allows: `GET /channels/*`, where `*` stands for any run of characters; `*` as the method for
/// all methods, and alone for all calls.
struct RoutePattern: Sendable, Hashable, CustomStringConvertible {
  let method: String
  private let path: StarPattern

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
    path = StarPattern(String(words[1]))
  }

  var description: String { "\(method) \(path)" }

  /// Whether a call is meant; its query plays no part.
  func matches(_ route: Route) -> Bool {
    (method == "*" || method == route.method) && path.matches(route.path.path)
  }
}
