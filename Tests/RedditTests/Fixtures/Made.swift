import PluginKit
import TestSupport

@testable import Reddit

/// Made-up things, as Reddit shows them.
enum Made {
  /// When the host's clock begins, as Reddit writes times.
  static let epoch = Int(FakeHost.epoch / 1_000_000_000)

  static func id(_ number: Int) -> String { String(number, radix: 36) }
  static func name(_ thing: JSON) -> String {
    "\(thing["kind"]?.stringValue ?? "")_\(thing["data"]?["id"]?.stringValue ?? "")"
  }

  static func comment(
    _ number: Int,
    in subreddit: String = "birds",
    by author: String = "ada",
    at created: Int = epoch,
    _ more: JSONObject = [:]
  ) -> JSON {
    let fields: JSONObject = [
      "subreddit": .string(subreddit), "body": .string("says \(number)"), "body_html": "<p>said</p>",
      "link_id": "t3_a1", "parent_id": "t3_a1", "edited": false,
    ]
    return thing("t1", number, by: author, at: created).with(fields).with(more)
  }

  static func submission(
    _ number: Int,
    in subreddit: String = "birds",
    by author: String = "ada",
    at created: Int = epoch,
    _ more: JSONObject = [:]
  ) -> JSON {
    let fields: JSONObject = [
      "subreddit": .string(subreddit), "title": .string("Title \(number)"), "selftext": "", "selftext_html": nil,
      "is_self": true, "url": "https://www.reddit.com/r/birds/comments/x/", "edited": false,
    ]
    return thing("t3", number, by: author, at: created).with(fields).with(more)
  }

  static func message(
    _ number: Int,
    from author: String = "ada",
    to dest: String = "duck",
    at created: Int = epoch,
    _ more: JSONObject = [:]
  ) -> JSON {
    let fields: JSONObject = [
      "subreddit": nil, "dest": .string(dest), "subject": "hello", "body": .string("writes \(number)"),
      "first_message_name": nil, "parent_id": nil, "context": "", "was_comment": false, "replies": "",
    ]
    return thing("t4", number, by: author, at: created).with(fields).with(more)
  }

  /// What things of all kinds have.
  private static func thing(_ kind: String, _ number: Int, by author: String, at created: Int) -> JSON {
    let data: JSONObject = [
      "id": .string(id(number)), "name": .string("\(kind)_\(id(number))"), "author": .string(author),
      "created_utc": .double(Double(created)),
    ]
    return ["kind": .string(kind), "data": .object(data)]
  }

  static func listing(_ things: [JSON], after: String? = nil) -> JSON {
    [
      "kind": "Listing",
      "data": ["children": .array(things), "after": after.map { .string($0) } ?? .null, "before": nil],
    ]
  }
}

extension JSON {
  /// A thing with other fields.
  func with(_ more: JSONObject) -> JSON {
    var data = self["data"]?.objectValue ?? [:]
    for (key, value) in more { data[key] = value }
    return ["kind": self["kind"] ?? .null, "data": .object(data)]
  }

  /// A thing without some fields.
  func without(_ keys: String...) -> JSON {
    let data = self["data"]?.objectValue ?? [:]
    let left = data.filter { !keys.contains($0.key) }.map { ($0.key, $0.value) }
    return ["kind": self["kind"] ?? .null, "data": .object(JSONObject(left))]
  }
}
