public import PluginKit

/// A call that somebody asks an access plugin to make, as the payload of a `rest.request` says it.
///
/// `method`, and `path` or `url`, which are the same, say what to call; `query` is put behind the path; `body` is what to
/// send; `tenant` has to be the instance's, if it is there. A provider may know more keys.
public struct RESTOrder: Sendable {
  private static let known = ["tenant", "method", "path", "url", "query", "body"]

  /// In upper case, one of those that the provider has.
  public let method: String
  /// The path with its query, not yet checked.
  public let path: String
  /// What to send; nil: nothing.
  public let body: JSON?
  /// The texts of the keys that only this provider knows.
  public let extras: [String: String]

  /// Reads a request.
  ///
  /// - Parameters:
  ///   - envelope: The request.
  ///   - tenant: The instance's.
  ///   - methods: Those that the provider has.
  ///   - example: A path, for the message about one that is missing.
  ///   - extras: Keys that only this provider knows, whose values are texts.
  /// - Throws: What was expected, and what was found.
  public init(
    _ envelope: Envelope,
    of tenant: String,
    methods: [String],
    like example: String,
    extras: [String] = []
  ) throws(ProviderError) {
    let payload = try Self.payload(envelope)
    let known = Self.known + extras
    if let key = payload.keys.first(where: { !known.contains($0) }) {
      throw ProviderError("\(key.prefix(64)): unknown; known are \(known.joined(separator: ", "))")
    }
    if let named = try Self.text("tenant", payload), named != tenant {
      throw ProviderError("tenant: expected \(tenant), found \(JSON.string(named).summary)")
    }
    let method = try Self.text("method", payload)?.uppercased()
    guard let method, methods.contains(method) else {
      let found = method.map { String($0.prefix(16)) } ?? "nothing"
      throw ProviderError("method: expected one of \(methods.joined(separator: ", ")), found \(found)")
    }
    self.method = method
    path = try Self.path(payload, like: example)
    body = try Self.body(payload, method)
    var texts: [String: String] = [:]
    for key in extras { texts[key] = try Self.text(key, payload) }
    self.extras = texts
  }

  // MARK: - Reading

  private static func payload(_ envelope: Envelope) throws(ProviderError) -> JSONObject {
    let json: JSON
    do { json = try JSON.parse(envelope.payload) } catch { throw ProviderError("payload: \(error)") }
    guard let object = json.objectValue else {
      throw ProviderError("payload: expected object with method and path, found \(json.summary)")
    }
    return object
  }

  private static func text(_ key: String, _ payload: JSONObject) throws(ProviderError) -> String? {
    guard let json = payload[key], !json.isNull else { return nil }
    guard let text = json.stringValue else { throw ProviderError("\(key): expected string, found \(json.summary)") }
    return text
  }

  private static func path(_ payload: JSONObject, like example: String) throws(ProviderError) -> String {
    let (path, url) = (try text("path", payload), try text("url", payload))
    guard path == nil || url == nil else { throw ProviderError("path: expected one of path and url, found both") }
    guard let path = path ?? url else {
      throw ProviderError("path: expected string such as \"\(example)\", found nothing")
    }
    guard let query = payload["query"], !query.isNull else { return path }
    guard let members = query.objectValue else {
      throw ProviderError("query: expected object, found \(query.summary)")
    }
    let pairs = try FormFields(members, named: "query").encoded
    return pairs.isEmpty ? path : path + (path.contains("?") ? "&" : "?") + pairs
  }

  private static func body(_ payload: JSONObject, _ method: String) throws(ProviderError) -> JSON? {
    guard let body = payload["body"], !body.isNull else { return nil }
    guard method != "GET" else { throw ProviderError("body: expected none with GET, found \(body.summary)") }
    guard body.objectValue != nil || body.arrayValue != nil else {
      throw ProviderError("body: expected object or array, found \(body.summary)")
    }
    return body
  }
}
