internal import PluginKit
internal import ProviderKit

/// What a wish becomes at Reddit: one thing or, of a long text, several, each an answer to the one before.
struct PostDraft {
  /// The most characters that Reddit takes.
  static let titleMax = 300
  static let submissionMax = 40_000
  static let commentMax = 10_000
  static let subjectMax = 100

  let target: PostTarget
  /// Of a submission or a new private message; else empty.
  let title: String
  /// The texts, in order; of a submission the first may be empty.
  let texts: [String]
  /// What is sent beside them, of a submission.
  let fields: FormFields
  let losses: [Loss]

  /// Fields of a submission that are taken over as Reddit calls them.
  private static let taken = [
    "url", "crosspost_fullname", "flair_id", "flair_text", "nsfw", "spoiler", "sendreplies", "resubmit",
  ]

  init(_ wish: PostMessage, _ target: PostTarget, partsMax: Int) throws(Rejection) {
    self.target = target
    let payload = try Self.payload(wish)
    var (text, losses) = (wish.text, Self.losses(wish, payload, target))
    switch target {
    case .submission:
      title = Self.title(payload, &text, &losses)
      guard !title.isEmpty else { throw Rejection("text: expected a title, in its first line, found nothing") }
      fields = try Self.fields(payload)
      // A link has no text of its own: what there is becomes an answer.
      let first = payload["url"] != nil || payload["crosspost_fullname"] != nil ? 0 : Self.submissionMax
      let rest =
        first == 0
        ? TextPages(text, first: Self.commentMax, others: Self.commentMax, pagesMax: partsMax - 1)
        : TextPages(text, first: first, others: Self.commentMax, pagesMax: partsMax)
      texts = first == 0 ? [""] + rest.pages : rest.pages.isEmpty ? [""] : rest.pages
      Self.lose(rest, partsMax, &losses)
    case .message, .answer, .messageAnswer:
      if case .message = target { title = Self.subject(payload, text) } else { title = "" }
      fields = FormFields()
      let pages = TextPages(text, first: Self.commentMax, others: Self.commentMax, pagesMax: partsMax)
      texts = pages.pages
      Self.lose(pages, partsMax, &losses)
    }
    guard !texts.isEmpty else { throw Rejection("text: expected something to say, found white space alone") }
    self.losses = losses
  }

  // MARK: - Reading

  private static func payload(_ wish: PostMessage) throws(Rejection) -> JSONObject {
    guard let payload = wish.providerPayload, !payload.isNull else { return [:] }
    guard let members = payload.objectValue else {
      throw Rejection("provider_payload: expected object, found \(payload.summary)")
    }
    return members
  }

  /// The title that is said, or the first line of the text, which then is none of it any more.
  private static func title(_ payload: JSONObject, _ text: inout String, _ losses: inout [Loss]) -> String {
    let said = payload["title"]?.stringValue
    // White space alone is no title.
    if said == nil { text = String(text.drop(while: \.isWhitespace)) }
    var title = said ?? text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    if said == nil, let line = text.range(ofFirstLine: title) { text = String(text[line...]) }
    if title.unicodeScalars.count > titleMax {
      if said == nil {
        // The whole of it stays readable.
        text = title + "\n\n" + text
      } else {
        losses.append(Loss("provider_payload.title", "longer than \(titleMax) characters: it is cut"))
      }
      title = TextPages(title, first: titleMax - 1, others: titleMax, pagesMax: 1).pages.first.map { $0 + "…" } ?? ""
    }
    return title
  }

  private static func subject(_ payload: JSONObject, _ text: String) -> String {
    let said = payload["subject"]?.stringValue ?? payload["title"]?.stringValue
    let line = said ?? text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    return TextPages(line, first: subjectMax, others: subjectMax, pagesMax: 1).pages.first ?? ""
  }

  private static func fields(_ payload: JSONObject) throws(Rejection) -> FormFields {
    let kind = payload["crosspost_fullname"] != nil ? "crosspost" : payload["url"] != nil ? "link" : "self"
    do throws(ProviderError) {
      var fields = try FormFields(
        JSONObject(payload.filter { taken.contains($0.key) && !$0.value.isNull }.map { ($0.key, $0.value) }),
        named: "provider_payload"
      )
      fields.add("kind", kind)
      return fields
    } catch {
      throw Rejection(error.description)
    }
  }

  // MARK: - Losses

  private static func losses(_ wish: PostMessage, _ payload: JSONObject, _ target: PostTarget) -> [Loss] {
    var losses = (wish.attachments ?? []).indices.map {
      Loss("attachments[\($0)]", "Reddit takes no files with a text: submit a link to it, by provider_payload.url")
    }
    var known: [String] = []
    if case .submission = target { known = taken + ["title"] }
    if case .message = target { known = ["subject", "title"] }
    for key in payload.keys where !known.contains(key) {
      let all = known.isEmpty ? "nothing is, of an answer" : "\(known.joined(separator: ", ")) are"
      losses.append(Loss("provider_payload.\(key)", "not taken over; \(all)"))
    }
    return losses
  }

  private static func lose(_ pages: TextPages, _ partsMax: Int, _ losses: inout [Loss]) {
    guard !pages.rest.isEmpty else { return }
    losses.append(
      Loss("text", "longer than \(partsMax) messages: \(pages.rest.count) characters at its end are left out")
    )
  }
}

extension String {
  /// Where what follows a first line begins.
  fileprivate func range(ofFirstLine line: String) -> String.Index? {
    guard !line.isEmpty else { return nil }
    let start = firstIndex { !$0.isNewline } ?? startIndex
    return index(start, offsetBy: line.count, limitedBy: endIndex)
  }
}
