import PluginKit
import ProviderKit
import ProviderSupport

@testable import Reddit

extension FakeReddit {
  /// A page of what is asked for.
  func show(_ seen: Seen) -> RESTAnswer {
    switch seen.bare {
    case "/api/v1/me": return .json(200, ["name": "duck"])
    case "/api/info":
      let ids = (seen.query["id"] ?? "").split(separator: ",")
      return .json(200, Made.listing(ids.compactMap { all[String($0)] }))
    case "/user/duck/overview":
      return page(seen, written.filter { $0["kind"] != "t4" })
    case "/message/sent": return page(seen, written.filter { $0["kind"] == "t4" })
    default: break
    }
    let parts = seen.bare.split(separator: "/")
    if parts.first == "comments", parts.count == 2, listings[seen.bare] == nil {
      guard let found = all["t3_\(parts[1])"] else { return .json(404, ["message": "Not Found", "error": 404]) }
      return .json(200, [Made.listing([found]), Made.listing([])])
    }
    if seen.bare.hasPrefix("/message/messages/") {
      guard let found = all["t4_\(parts[2])"] else { return .json(404, ["message": "Not Found", "error": 404]) }
      return .json(200, Made.listing([found]))
    }
    return page(seen, listings[seen.bare] ?? [])
  }

  private func page(_ seen: Seen, _ things: [JSON]) -> RESTAnswer {
    let limit = seen.query["limit"].flatMap { Int($0) } ?? 25
    // Of a longer list Reddit shows no more than a thousand.
    var rest = things.prefix(1000)[...]
    if let after = seen.query["after"] {
      guard let place = rest.firstIndex(where: { Made.name($0) == after }) else { return .json(200, Made.listing([])) }
      rest = rest[(place + 1)...]
    }
    let shown = Array(rest.prefix(limit))
    return .json(200, Made.listing(shown, after: rest.count > limit ? shown.last.map(Made.name) : nil))
  }

  /// Somebody writes something that stands first in a listing.
  func add(_ thing: JSON, to path: String) {
    listings[path, default: []].insert(thing, at: 0)
    all[Made.name(thing)] = thing
  }

  /// What the account writes.
  func write(_ seen: Seen) -> RESTAnswer {
    let form = seen.form
    func say(_ thing: JSON) {
      written.insert(thing, at: 0)
      all[Made.name(thing)] = thing
    }
    next += 1
    switch seen.bare {
    case "/api/comment":
      let parent = form["thing_id"] ?? ""
      let place = all[parent]?["data"]?["subreddit"]?.stringValue
      let thing =
        parent.hasPrefix("t4_")
        ? Made.message(next, from: "duck", to: "ada", at: created, ["body": .string(form["text"] ?? "")])
        : Made.comment(
          next,
          in: place ?? "birds",
          by: "duck",
          at: created,
          ["body": .string(form["text"] ?? ""), "parent_id": .string(parent)]
        )
      say(thing.with(["parent_id": .string(parent)]))
      return .json(200, ["json": ["errors": [], "data": ["things": [thing.with(["parent_id": .string(parent)])]]]])
    case "/api/submit":
      let thing = Made.submission(
        next,
        in: form["sr"] ?? "",
        by: "duck",
        at: created,
        ["title": .string(form["title"] ?? ""), "selftext": .string(form["text"] ?? "")]
      )
      say(thing)
      let data: JSON = ["name": .string(Made.name(thing)), "id": .string("x"), "url": "https://www.reddit.com/"]
      return .json(200, ["json": ["errors": [], "data": data]])
    case "/api/compose":
      say(
        Made.message(
          next,
          from: "duck",
          to: form["to"] ?? "",
          at: created,
          ["body": .string(form["text"] ?? ""), "subject": .string(form["subject"] ?? "")]
        )
      )
      return .json(200, ["json": ["errors": []]])
    default: return .json(200, ["ok": true])
    }
  }
}
