public import PluginKit

/// What the answer of an API becomes in the response to a `rest.request`: some fields, and the body as `data` where it is
/// JSON, as `text` where it is text, else as `base64`.
public struct RESTReply {
  /// The largest payload of an envelope, in bytes.
  public static let sizeMax = Envelope.payloadMax

  private let fields: JSONObject
  private let content: JSONObject
  private let size: Int

  /// Puts a reply together.
  ///
  /// - Parameters:
  ///   - answer: What the API answered.
  ///   - tenant: The instance's.
  ///   - retryAfter: Nanoseconds after which a call that was too fast may be made again; 0: it was not.
  ///   - extras: What else is told beside it.
  ///   - json: What is to be shown of JSON.
  ///   - text: What is to be shown of text.
  public init(
    _ answer: RESTAnswer,
    of tenant: String,
    retryAfter: Int64,
    extras: JSONObject = [:],
    json: (JSON) -> JSON = { $0 },
    text: (String) -> String = { $0 }
  ) {
    var fields: JSONObject = [
      "tenant": .string(tenant), "status": .int(Int64(answer.status)),
      "ok": .bool((200..<300).contains(answer.status)), "retry_after_ms": .int(retryAfter / 1_000_000),
    ]
    for (key, value) in extras { fields[key] = value }
    self.fields = fields
    size = answer.body.count
    content =
      if answer.body.isEmpty {
        ["data": .null]
      } else if let found = try? JSON.parse(answer.body) {
        ["data": json(found)]
      } else if let found = String(validating: answer.body, as: UTF8.self) {
        ["text": .string(text(found))]
      } else {
        ["base64": .string(Base64.encode(answer.body))]
      }
  }

  /// The response, with all that was answered; if that is more than an envelope holds, of a call that changed something
  /// without the body, since an error would have it made again.
  ///
  /// - Throws: What `tooLarge` makes of the size that it would have, for a call that changed nothing.
  public func response(
    isWrite: Bool,
    tooLarge: (_ size: Int) -> ProviderError
  ) throws(ProviderError) -> Response {
    var whole = fields
    for (key, value) in content { whole[key] = value }
    let bytes = JSON.object(whole).bytes()
    if bytes.count <= Self.sizeMax { return Response(payload: bytes, contentType: "") }
    guard isWrite else { throw tooLarge(bytes.count) }
    var head = fields
    head["data"] = .null
    head["omitted_bytes"] = .int(Int64(size))
    return Response(json: .object(head))
  }
}
