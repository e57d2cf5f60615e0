internal import PluginKit

/// Which calls an operator allows: `GET /channels/*`, where `*` stands for any run of characters; `*` as the method for
/// all methods, and alone for all calls.
public struct RESTPattern: Sendable, Hashable, CustomStringConvertible {
  private let method: String
  private let path: StarPattern

  /// Reads a pattern, whose method is one of those that the provider has; an example of a path is for the message about
  /// what is none.
  public init(_ text: String, methods: [String], like example: String) throws(ProviderError) {
    let words = text == "*" ? ["*", "*"] : text.split(separator: " ")
    guard words.count == 2, words[1].hasPrefix("/") || words[1] == "*",
      words[0] == "*" || methods.contains(String(words[0]))
    else {
      throw ProviderError(
        "provider.rest.call: expected a method or *, and a path, such as \"GET \(example)\", found \"\(text)\""
      )
    }
    method = String(words[0])
    path = StarPattern(String(words[1]))
  }

  /// The pattern as it is written in the manifest.
  public var description: String { "\(method) \(path)" }

  /// Whether a call is meant, by its path without the query.
  public func matches(_ method: String, _ path: String) -> Bool {
    (self.method == "*" || self.method == method) && self.path.matches(path)
  }
}

extension [RESTPattern] {
  /// Refuses a call that none of some patterns means; where there are none, all are allowed.
  ///
  /// - Parameters:
  ///   - method: The call's method.
  ///   - path: Its path, without the query.
  ///   - name: What it is named in the message: no text of a stranger's, and no secret.
  /// - Throws: Which calls are allowed.
  public func check(_ method: String, _ path: String, named name: String) throws(ProviderError) {
    guard isEmpty || contains(where: { $0.matches(method, path) }) else {
      let patterns = map { "\"\($0)\"" }.joined(separator: ", ")
      throw ProviderError(
        "path: expected a call that provider.rest.call allows (\(patterns)), found \(name): the operator grants it to the "
          + "instance in plugins.yml"
      )
    }
  }
}
