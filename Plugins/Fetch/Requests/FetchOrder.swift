internal import CURL
internal import PluginKit

/// One fetch that is asked for.
struct FetchOrder: Sendable {
  static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
  /// The cap of a fetch that the host has put none on, which is an operator's own; as a grant that names none has it.
  static let limitDefault = 10 << 20

  let scope: BlobScope
  /// Who asks: what is fair is measured by it.
  let requester: String
  let method: String
  let url: WebURL
  /// The most bytes of the answer, by the grant that allows it.
  let limit: Int
  let headers: [Transfer.Header]
  let body: [UInt8]?
  /// When the answer is of no use any more, in nanoseconds since 1970; 0: the requester did not say.
  let deadline: Int64

  /// What is said of it where others may read it.
  var place: String { "\(method) \(url.origin)" }

  /// Reads a request; the host has checked its resource and written the cap behind it.
  init(_ envelope: Envelope) throws(FetchError) {
    scope = BlobScope(provider: envelope.provider, tenant: envelope.tenant)
    requester = envelope.src
    deadline = envelope.deadline
    var words = envelope.resource.split(separator: " ").map(String.init)
    if words.count == 1 { words.insert("GET", at: 0) }
    guard (2...3).contains(words.count), Self.methods.contains(words[0]), let url = WebURL(words[1]),
      let limit = words.count == 3 ? Int(words[2]) : Self.limitDefault, limit > 0
    else { throw FetchError("resource: expected METHOD URL, found what is none, or holds more than printable ASCII") }
    (method, self.url, self.limit) = (words[0], url, limit)
    let payload = try Self.payload(envelope)
    let known = ["headers", "body", "body_base64"]
    if let key = payload.keys.first(where: { !known.contains($0) }) {
      throw FetchError("\(key.prefix(64)): unknown; known are \(known.joined(separator: ", "))")
    }
    headers = try RequestHeaders.read(payload["headers"] ?? [])
    body = try Self.body(payload, method)
  }

  private static func payload(_ envelope: Envelope) throws(FetchError) -> JSONObject {
    if envelope.payload.isEmpty { return [:] }
    do {
      let json = try JSON.parse(envelope.payload)
      if let object = json.objectValue { return object }
      throw FetchError("payload: expected object, found \(json.summary)")
    } catch let error as FetchError {
      throw error
    } catch {
      throw FetchError("payload: \(error)")
    }
  }

  private static func body(_ payload: JSONObject, _ method: String) throws(FetchError) -> [UInt8]? {
    let text = payload["body"].flatMap { $0.isNull ? nil : $0 }
    let encoded = payload["body_base64"].flatMap { $0.isNull ? nil : $0 }
    guard text == nil || encoded == nil else {
      throw FetchError("body: expected one of body and body_base64, found both")
    }
    // A POST, PUT or PATCH without a body says so, as a length of 0.
    guard let json = text ?? encoded else { return ["POST", "PUT", "PATCH"].contains(method) ? [] : nil }
    guard method != "GET", method != "HEAD" else { throw FetchError("body: expected none with \(method), found one") }
    let string = json.stringValue
    guard let bytes = text == nil ? string.flatMap(Base64.decode) : string.map({ Array($0.utf8) }) else {
      let expected = text == nil ? "base64 text" : "string"
      throw FetchError("\(text == nil ? "body_base64" : "body"): expected \(expected), found \(json.summary)")
    }
    return bytes
  }
}
