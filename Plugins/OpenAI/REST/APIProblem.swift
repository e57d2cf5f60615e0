internal import PluginKit
internal import ProviderKit

/// What a server says is wrong, in its words, or what its answer lacks.
///
/// Source: https://platform.openai.com/docs/guides/error-codes
struct APIProblem: Hashable, CustomStringConvertible {
  /// Bytes of a server's words that are told: some quote all that they were sent.
  private static let wordsMax = 500
  /// What the account is out of when no waiting helps.
  private static let spent = "insufficient_quota"

  let status: Int
  /// The server's word, such as `invalid_api_key`; empty: none.
  let code: String
  let message: String

  /// Reads an answer; nil of one that says nothing is wrong.
  ///
  /// `redacted` takes the key out of the server's words, before they are cut: a part of it is told by nobody either.
  init?(_ answer: RESTAnswer, redacted: (String) -> String = { $0 }) {
    status = answer.status
    let json = try? JSON.parse(answer.body)
    guard !(200..<300).contains(answer.status) else {
      // Nothing that is called answers with less.
      guard json?.objectValue == nil else { return nil }
      (code, message) = ("", "expected an object in JSON, found \(Self.kind(answer))")
      return
    }
    let error = json?["error"]
    code = redacted(error?["code"]?.stringValue ?? error?["type"]?.stringValue ?? "").prefix(utf8: 64)
    let words = [
      error?["message"], error, json?["message"], json?["detail"], json?["detail"]?.arrayValue?.first?["msg"],
    ]
    let found = words.lazy.compactMap { $0?.stringValue }.first
    message = redacted(found ?? Self.kind(answer)).prefix(utf8: Self.wordsMax)
  }

  var description: String { code.isEmpty ? "\(status): \(message)" : "\(status) \(code): \(message)" }

  /// What it says of the server itself, without the server's words, which may quote what it was sent; nil where it is
  /// about the call alone.
  var trouble: String? {
    if isSpent { return hint }
    if (200..<300).contains(status) { return "\(message): compare config.api, which mostly ends with /v1" }
    return status >= 500 ? "the server is in trouble (\(status))" : nil
  }

  /// Whether waiting does not help, though it is said to.
  var isSpent: Bool { status == 429 && code == Self.spent }

  /// What to do about it; nil where that is plain.
  var hint: String? {
    if isSpent { return "the account has no credit left: its owner has to add some" }
    return switch status {
    case 401: Self.advice
    case 403: "the key may not do this: give it the permission, or take another"
    case 404: "the server knows no such path or model: compare config.api, which mostly ends with /v1, and the model"
    case 429: "the server's limit was hit: ask for less at once, or have it raised"
    default: nil
    }
  }

  /// What to do about a key that is not taken.
  static let advice = """
    the key was refused (401), or there is none and the server wants one: nothing more is sent with it. Write another as \
    the tenant's credential api_key, where plugins.yml says, and run promethean secrets rotate
    """

  /// What an answer is that has no words that are known.
  private static func kind(_ answer: RESTAnswer) -> String {
    guard let first = answer.body.first(where: { $0 > 0x20 }) else { return "nothing" }
    return first == UInt8(ascii: "<") ? "a page for people" : "\(answer.body.count) bytes of something else"
  }
}

extension RESTAnswer {
  /// How long the server says to wait, ns; nil where it does not.
  ///
  /// Source: https://platform.openai.com/docs/guides/rate-limits, and RFC 9110, section 10.2.3, whose dates none sends.
  var retryAfter: Int64? {
    func number(_ header: String) -> Double? {
      // A day is longer than any limit lasts that is worth waiting for.
      self.header(header).flatMap(Double.init).flatMap { $0 >= 0 && $0 <= 86_400_000 ? $0 : nil }
    }
    let seconds = number("retry-after-ms").map { $0 / 1e3 } ?? number("retry-after")
    return seconds.map { Int64(min($0, 86_400) * 1e9) }
  }
}
