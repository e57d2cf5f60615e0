import Foundation
import Testing

/// What was recorded of Reddit's API, in Betamax's format: what was asked, and what has to come of it.
struct RedditRecording: Sendable, CustomTestStringConvertible {
  /// A thing as its event has to tell it.
  struct Thing: Sendable, Hashable {
    let name: String
    let author: String
    let space: String
    let thread: String?
    let parent: String?
    let text: String
    let created: Double
  }

  let path: String
  /// The listings that were asked for, as a configuration says it.
  private(set) var streams: [String] = []
  /// How many things there were before anything came: those of all pages if more than one was asked for, else of the
  /// first answer.
  private(set) var history = 0
  /// What was written, by its path and form.
  private(set) var posts: [(path: String, form: [String: String])] = []
  /// All submissions, comments and messages in its answers, by name.
  private(set) var things: [String: Thing] = [:]

  var testDescription: String { String(path.split(separator: "/").last ?? "") }

  /// The recordings of a directory.
  static func all(in directory: String) -> [RedditRecording] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.filter { $0.hasSuffix(".json") }.sorted().compactMap { try? RedditRecording("\(directory)/\($0)") }
  }

  init(_ path: String) throws {
    self.path = path
    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path))) as? [String: Any]
    for interaction in json?["interactions"] as? [[String: Any]] ?? [] {
      guard let request = interaction["request"] as? [String: Any],
        let response = interaction["response"] as? [String: Any],
        let url = (request["uri"] as? String).flatMap(Self.components), !url.path.hasSuffix("/access_token")
      else { continue }
      read(request, url)
      let before = things.count
      if let json = try? JSONSerialization.jsonObject(with: Data(Self.text(response["body"]).utf8)) { collect(json) }
      if request["method"] as? String == "GET",
        before == 0 || url.queryItems?.contains(where: { $0.name == "after" }) == true
      {
        history = things.count
      }
    }
  }

  /// A body, which may stand with the name of its encoding.
  private static func text(_ body: Any?) -> String {
    body as? String ?? (body as? [String: Any])?["string"] as? String ?? ""
  }

  /// Placeholders stand in recordings between what a URL cannot have.
  private static func components(_ text: String) -> URLComponents? {
    URLComponents(string: text.replacing("<", with: "%3C").replacing(">", with: "%3E"))
  }

  private mutating func read(_ request: [String: Any], _ url: URLComponents) {
    if request["method"] as? String == "POST" {
      let form = Self.text(request["body"]).split(separator: "&").map { pair in
        let parts = pair.split(separator: "=", maxSplits: 1).map {
          $0.replacing("+", with: " ").removingPercentEncoding ?? String($0)
        }
        return (parts[0], parts.count > 1 ? parts[1] : "")
      }
      posts.append((url.path, Dictionary(form) { first, _ in first }))
      return
    }
    var path = url.percentEncodedPath
    while path.hasSuffix("/") { path.removeLast() }
    // What the plugin says itself, page by page.
    let own = ["limit", "raw_json", "after", "before", "count"]
    let rest = (url.queryItems ?? []).filter { !own.contains($0.name) }.map { "\($0.name)=\($0.value ?? "")" }.sorted()
    if !rest.isEmpty { path += "?" + rest.joined(separator: "&") }
    if !streams.contains(path) { streams.append(path) }
  }

  private mutating func collect(_ json: Any) {
    if let object = json as? [String: Any] {
      if let kind = object["kind"] as? String, let data = object["data"] as? [String: Any],
        let thing = Self.thing(kind, data)
      {
        things[thing.name] = thing
      }
      for value in object.values { collect(value) }
    } else if let list = json as? [Any] {
      for value in list { collect(value) }
    }
  }

  private static func thing(_ kind: String, _ data: [String: Any]) -> Thing? {
    guard ["t1", "t3", "t4"].contains(kind), let id = data["id"] as? String,
      let created = data["created_utc"] as? Double
    else { return nil }
    let name = "\(kind)_\(id)"
    let author = data["author"] as? String ?? "[deleted]"
    let space = (data["subreddit"] as? String).map { "sub:duck:\($0)" } ?? "user:duck:\(author)"
    var (text, thread) = (data["body"] as? String ?? "", data["link_id"] as? String)
    if kind == "t3" {
      let title = data["title"] as? String ?? ""
      let isLink = data["is_self"] as? Bool == false
      let below = isLink ? data["url"] as? String ?? "" : data["selftext"] as? String ?? ""
      (text, thread) = (below.isEmpty ? title : "\(title)\n\n\(below)", name)
    }
    if thread == nil, let context = data["context"] as? String {
      thread = context.split(separator: "/").dropFirst(3).first.map { "t3_\($0)" }
    }
    return Thing(
      name: name,
      author: "urn:reddit:user:duck:\(author)",
      space: "urn:reddit:\(space)",
      thread: thread,
      parent: data["parent_id"] as? String,
      text: text,
      created: created
    )
  }
}
