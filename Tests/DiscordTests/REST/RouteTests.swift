import Foundation
import ProviderKit
import Testing

@testable import Discord

struct RouteTests {
  /// A call and the template, major parameter and variant that it has.
  struct Vector: Sendable, CustomTestStringConvertible {
    let method: String
    let path: String
    let template: String
    let major: String
    var variant = ""
    var isExempt = false

    var testDescription: String { "\(method) \(path)" }

    init(_ call: String, _ template: String, _ major: String = "", variant: String = "", isExempt: Bool = false) {
      let words = call.split(separator: " ").map(String.init)
      (method, path) = (words[0], words[1])
      (self.template, self.major, self.variant, self.isExempt) = (template, major, variant, isExempt)
    }
  }

  /// 2026-01-01T00:00:00Z, in milliseconds since 1970.
  private static let now: Int64 = 1_767_225_600_000
  private static func message(aged milliseconds: Int64) -> Snowflake {
    Snowflake(millisecondsSince1970: now - milliseconds)
  }
  private static let interaction = "aW50ZXJhY3Rpb246MTox"

  @Test(
    arguments: [
      Vector("GET /channels/111", "/channels/{id}", "111"),
      Vector("PATCH /channels/111", "/channels/{id}", "111"),
      Vector("GET /channels/111/messages?limit=5&after=7", "/channels/{id}/messages", "111"),
      Vector("POST /channels/111/messages", "/channels/{id}/messages", "111"),
      Vector("PATCH /channels/111/messages/222", "/channels/{id}/messages/{id}", "111"),
      Vector("POST /channels/111/messages/222/crosspost", "/channels/{id}/messages/{id}/crosspost", "111"),
      Vector("POST /channels/111/messages/bulk-delete", "/channels/{id}/messages/bulk-delete", "111"),
      Vector(
        "PUT /channels/111/messages/222/reactions/%F0%9F%94%A5/@me",
        "/channels/{id}/messages/{id}/reactions/{emoji}/@me",
        "111"
      ),
      Vector(
        "PUT /channels/111/messages/222/reactions/🔥/@me",
        "/channels/{id}/messages/{id}/reactions/{emoji}/@me",
        "111"
      ),
      Vector(
        "DELETE /channels/111/messages/222/reactions/wave:333/444",
        "/channels/{id}/messages/{id}/reactions/{emoji}/{id}",
        "111"
      ),
      Vector("GET /channels/111/messages/222/reactions/8", "/channels/{id}/messages/{id}/reactions/{emoji}", "111"),
      Vector("DELETE /channels/111/messages/\(message(aged: 60_000))", "/channels/{id}/messages/{id}", "111"),
      Vector(
        "DELETE /channels/111/messages/\(message(aged: 2000))",
        "/channels/{id}/messages/{id}",
        "111",
        variant: " (new)"
      ),
      Vector(
        "DELETE /channels/111/messages/\(message(aged: 15 * 86_400_000))",
        "/channels/{id}/messages/{id}",
        "111",
        variant: " (old)"
      ),
      Vector("GET /guilds/555", "/guilds/{id}", "555"),
      Vector("GET /guilds/555/members/search?query=a", "/guilds/{id}/members/search", "555"),
      Vector("PUT /guilds/555/members/1/roles/2", "/guilds/{id}/members/{id}/roles/{id}", "555"),
      Vector("GET /guilds/555/emojis/9", "/guilds/{id}/emojis/{id}", "555"),
      Vector("GET /guilds/templates/abcDEF12", "/guilds/templates/{code}"),
      Vector("GET /webhooks/777", "/webhooks/{id}", "777"),
      Vector("POST /webhooks/777/secret_TOKEN-1?wait=true", "/webhooks/{id}/{token}", "777/secret_TOKEN-1"),
      Vector("PATCH /webhooks/777/secret/messages/222", "/webhooks/{id}/{token}/messages/{id}", "777/secret"),
      Vector("POST /webhooks/777/\(interaction)", "/webhooks/{id}/{token}", "777/\(interaction)", isExempt: true),
      Vector(
        "PATCH /webhooks/777/\(interaction)/messages/@original",
        "/webhooks/{id}/{token}/messages/@original",
        "777/\(interaction)",
        isExempt: true
      ),
      Vector(
        "POST /interactions/888/\(interaction)/callback",
        "/interactions/{id}/{token}/callback",
        "888",
        isExempt: true
      ),
      Vector("GET /invites/abcdef", "/invites/{code}"),
      Vector("GET /users/@me", "/users/@me"),
      Vector("GET /users/123", "/users/{id}"),
      Vector("POST /applications/1/guilds/2/commands", "/applications/{id}/guilds/{id}/commands"),
      Vector("GET /gateway/bot", "/gateway/bot"),
      Vector("POST /quite/new/123/thing", "/quite/new/{id}/thing"),
      Vector("GET /quite/new/AbCdEf_gH", "/quite/new/{name}"),
    ]
  )
  func `point 15: a call has the template and the major parameter of its bucket`(vector: Vector) throws {
    let route = try Route(method: vector.method, path: vector.path, now: Self.now)
    #expect(route.template == vector.template)
    #expect(route.major == vector.major)
    #expect(route.variant == vector.variant)
    #expect(route.isExempt == vector.isExempt)
  }

  @Test(arguments: [
    "", "channels/1", "//evil.example/x", "https://evil.example/", "https://discord.com/api/v10/channels/1",
    "/api/v10/channels/1", "/@evil.example", "/channels/..", "/channels/1/../2", "/channels/1/%2e%2E/2",
    "/channels/1/.",
    "/channels/1//messages", "/channels/1/", "/channels/1/a%2Fb", "/channels/1/a%5Cb", "/channels/1\\2",
    "/channels/1#x",
    "/channels/1\n", "/channels/1\r\nHost: evil", "/channels/1%0d%0aX:y", "/channels/1/%zz", "/channels/1/%F",
    "/channels/1/%ff", "/channels/abc", "/channels/undefined/messages", "/guilds/{guild_id}", "/webhooks/x/y",
    "/channels/１", "/channels/1?a=%00", "/channels/1?a=%0A", "/channels/1?\u{7F}",
    "/x" + String(repeating: "y", count: 5000),
  ])
  func `a path that is none of the API's is refused`(path: String) {
    // One that begins with a slash and an at sign names a segment and no user of another host.
    if path == "/@evil.example" {
      #expect((try? Route(method: "GET", path: path, now: 0))?.path.whole == path)
    } else {
      #expect(throws: RESTFailure.self) { try Route(method: "GET", path: path, now: 0) }
    }
  }

  @Test(arguments: [
    ("/channels/1/messages/2/reactions/🔥/@me", "/channels/1/messages/2/reactions/%F0%9F%94%A5/@me"),
    ("/users/%40me", "/users/@me"), ("/invites/a b", "/invites/a%20b"), ("/invites/a%3Fb", "/invites/a%3Fb"),
    ("/guilds/1/members/search?query=ü x&limit=1", "/guilds/1/members/search?query=%C3%BC%20x&limit=1"),
    ("/guilds/1/members/search?query=%C3%BC", "/guilds/1/members/search?query=%C3%BC"),
  ])
  func `a path is escaped in one way`(path: String, whole: String) throws {
    #expect(try Route(method: "GET", path: path, now: 0).path.whole == whole)
  }

  @Test(arguments: ["get", "HEAD", "CONNECT", "GET /", ""])
  func `a method that the API does not have is refused`(method: String) {
    #expect(throws: RESTFailure.self) { try Route(method: method, path: "/users/1", now: 0) }
  }

  /// Discord's own list of its endpoints, beside the repository where it is there.
  private static let document = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../../shared/data/discord/openapi.json").standardizedFileURL

  @Test(.enabled(if: FileManager.default.fileExists(atPath: document.path)))
  func `every endpoint of Discord's document has the template that the document gives it`() throws {
    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: Self.document))
    let paths = try #require((json as? [String: Any])?["paths"] as? [String: [String: Any]])
    #expect(paths.count > 100)
    for (path, members) in paths {
      let concrete = path.replacing(/\{([a-z_0-9]+)\}/) { match in
        switch match.1 {
        case "webhook_token", "interaction_token": "tOkEn-1"
        case "emoji_name": "wave:1"
        case "code": "AbC"
        case "instance_id": "i-1-gc-2-3"
        default: "1234"
        }
      }
      let expected = path.replacing(/\{[a-z_0-9]+\}/, with: "{}")
      for method in members.keys where method != "parameters" {
        let route = try Route(method: method.uppercased(), path: concrete, now: Self.now)
        #expect(route.template.replacing(/\{[a-z]+\}/, with: "{}") == expected)
        let first = path.split(separator: "/").prefix(2)
        let hasMajor =
          first.count == 2 && first[1].hasPrefix("{")
          && ["channels", "guilds", "webhooks", "interactions"].contains(first[0])
        #expect(route.major.isEmpty != hasMajor, "\(path)")
      }
    }
  }
}

struct RESTPatternTests {
  private func pattern(_ text: String) throws(ProviderError) -> RESTPattern {
    try RESTPattern(text, methods: Route.methods, like: "/channels/*")
  }

  @Test(arguments: [
    ("GET /channels/*", "GET", "/channels/1/messages", true),
    ("GET /channels/*", "POST", "/channels/1/messages", false),
    ("* /channels/1/*", "POST", "/channels/1/messages?x=1", true),
    ("* /channels/1/*", "GET", "/channels/12/messages", false),
    ("*", "DELETE", "/guilds/1/members/2", true), ("* *", "DELETE", "/guilds/1/members/2", true),
    ("GET /channels/*/messages", "GET", "/channels/1/messages", true),
    ("GET /channels/*/messages", "GET", "/channels/1/messages/2", false),
    ("GET /channels/1", "GET", "/channels/1?x=/channels/2", true), ("GET /users/@me", "GET", "/users/%40me", true),
  ])
  func `a pattern means calls by method and path`(pattern: String, method: String, path: String, matches: Bool) throws {
    let route = try Route(method: method, path: path, now: 0)
    #expect(try self.pattern(pattern).matches(route.method, route.path.path) == matches)
  }

  @Test(arguments: ["", "GET", "/channels/*", "FETCH /channels/*", "GET channels", "GET /a /b", "get /a"])
  func `what is no pattern is refused with what was expected`(text: String) {
    let error = #expect(throws: ProviderError.self) { try pattern(text) }
    #expect(error?.description.contains("expected a method or *, and a path") == true)
  }
}
