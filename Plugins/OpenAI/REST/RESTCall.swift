internal import PluginKit
internal import ProviderKit

/// One call of the API, of those that are made for others.
///
/// They are few: the rest of the API changes the account, keeps files, or costs more than whoever asks may think. Each
/// of these changes nothing, so that it may be sent twice.
struct RESTCall: Sendable {
  static let methods = ["GET", "POST"]
  /// A path as it is to be, for messages about what is none.
  static let example = "/embeddings"
  /// All that there are, by method and path.
  static let known = ["GET /models", "POST /embeddings"]

  /// In upper case.
  let method: String
  /// The path, checked.
  let path: RESTPath
  /// What to send; nil: nothing.
  let body: JSON?
  /// When nobody waits for the answer any more, in nanoseconds since 1970; 0: nobody has said.
  var deadline: Int64

  /// Checks what is to be called.
  ///
  /// - Throws: What was expected; what was found is shown where it is short, since anybody may have written it.
  init(_ method: String, _ path: String, body: JSON?, deadline: Int64 = 0) throws {
    (self.method, self.body, self.deadline) = (method, body, deadline)
    self.path = try RESTPath(path, like: Self.example)
    guard Self.known.contains(name) else {
      let known = Self.known.joined(separator: ", ")
      throw ProviderError("path: expected one of \(known), found \(name.prefix(utf8: 64))")
    }
    guard method == "GET" || body?.objectValue != nil else {
      throw ProviderError("body: expected object, found \((body ?? .null).summary)")
    }
  }

  /// Its method and path, which are among those that are known.
  var name: String { "\(method) \(path.path)" }

  /// Whether vectors are asked for as base64.
  var wantsPackedVectors: Bool { path.path == "/embeddings" && body?["encoding_format"] == "base64" }
}
