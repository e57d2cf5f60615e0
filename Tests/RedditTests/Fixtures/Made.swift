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
      "id": .string(id(number)), "name": .string("t1_\(id(number))"), "subreddit": .string(subreddit),
      "author": .string(author), "body": .string("says \(number)"), "body_html": "<p>said</p>", "link_id": "t3_a1",
      "parent_id": "t3_a1", "created_utc": .double(Double(created)), "edited": false,
    ]
    return JSON.object(["kind": "t1", "data": .object(fields)]).with(more)
  }

  static func submission(
    _ number: Int,
    in subreddit: String = "birds",
    by author: String = "ada",
    at created: Int = epoch,
    _ more: JSONObject = [:]
  ) -> JSON {
    let fields: JSONObject = [
      "id": .string(id(number)), "name": .string("t3_\(id(number))"), "subreddit": .string(subreddit),
      "author": .string(author), "title": .string("Title \(number)"), "selftext": "", "selftext_html": nil,
      "is_self": true, "url": "https://www.reddit.com/r/birds/comments/x/", "created_utc": .double(Double(created)),
      "edited": false,
    ]
    return JSON.object(["kind": "t3", "data": .object(fields)]).with(more)
  }

  static func message(
    _ number: Int,
    from author: String = "ada",
    to dest: String = "duck",
    at created: Int = epoch,
    _ more: JSONObject = [:]
  ) -> JSON {
    let fields: JSONObject = [
      "id": .string(id(number)), "name": .string("t4_\(id(number))"), "subreddit": nil, "author": .string(author),
      "dest": .string(dest), "subject": "hello", "body": .string("writes \(number)"), "first_message_name": nil,
      "parent_id": nil, "context": "", "was_comment": false, "created_utc": .double(Double(created)), "replies": "",
    ]
    return JSON.object(["kind": "t4", "data": .object(fields)]).with(more)
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
