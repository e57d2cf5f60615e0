import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Reddit

struct RedditProblemTests {
  static let codes = [
    "RATELIMIT", "NO_TEXT", "TOO_LONG", "NO_SUBJECT", "SUBREDDIT_NOEXIST", "SUBREDDIT_NOTALLOWED", "SUBREDDIT_REQUIRED",
    "NO_SELFS", "NO_LINKS", "ALREADY_SUB", "DELETED_LINK", "DELETED_COMMENT", "THREAD_LOCKED", "TOO_OLD",
    "USER_DOESNT_EXIST", "NOT_WHITELISTED_BY_USER_MESSAGE", "USER_BLOCKED", "BAD_CAPTCHA",
    "SUBMIT_VALIDATION_FLAIR_REQUIRED",
  ]

  @Test(arguments: codes)
  func `each error of what people typed has its words and a hint`(code: String) throws {
    let body: JSON = ["json": ["errors": [[.string(code), "so it is", "field"]]]]
    let problem = try #require(RedditProblem(.json(200, body)))
    #expect([problem.code, problem.message, problem.field] == [code, "so it is", "field"])
    #expect(problem.hint != nil)
    #expect("\(problem)" == "200 \(code): so it is (field)")
    #expect(problem.isPassing == (code == "RATELIMIT"))
    #expect((problem.wait != nil) == (code == "RATELIMIT"))
  }

  @Test(arguments: ["private", "banned", "quarantined", "gold_only"])
  func `a subreddit that is closed says why`(reason: String) throws {
    let body: JSON = ["reason": .string(reason), "message": "Forbidden", "error": 403]
    let problem = try #require(RedditProblem(.json(403, body)))
    #expect([problem.code, problem.message] == [reason, "Forbidden"])
    #expect(problem.hint?.contains("subreddit") == true)
    #expect(!problem.isPassing)
  }

  static let shapes: [(status: Int, body: JSON, words: String)] = [
    (404, ["message": "Not Found", "error": 404], "404: Not Found"),
    (
      400, ["fields": ["sr"], "explanation": "no such name", "message": "Bad Request", "reason": "BAD_SR_NAME"],
      "400 BAD_SR_NAME: no such name (sr)"
    ),
    (200, ["success": false, "jquery": []], "200: no success, and no reason"), (302, [], "302"), (500, [:], "500"),
    (429, ["message": "Too Many Requests", "error": 429], "429: Too Many Requests"),
    (200, ["json": ["errors": [["ONE"], ["TWO", "x"]]]], "200 ONE"),
    (200, ["json": ["errors": [[]]]], "200"), (200, ["json": ["errors": [[nil, 7, nil]]]], "200"),
    (200, ["json": ["errors": []]], ""), (200, ["json": nil], ""), (200, [], ""), (200, ["success": true], ""),
  ]

  @Test(arguments: shapes.indices)
  func `whatever the shape of an error, its words are told`(index: Int) {
    let (status, body, words) = Self.shapes[index]
    #expect(RedditProblem(.json(status, body))?.description ?? "" == words)
  }

  @Test func `a page for people is told as one`() {
    #expect(RedditProblem(.page(403))?.description == "403: a page for people")
    #expect(RedditProblem(.page(200)) == nil)
  }

  static let waits: [(ratelimit: JSON?, message: String, seconds: Int64)] = [
    (420.5, "whatever", 420), (nil, "you are doing that too much. try again in 7 minutes.", 420),
    (nil, "Take a break for 59 seconds before trying again.", 59), (nil, "try again in 1 minute", 60),
    (nil, "later", 60), (nil, "", 60), (nil, "try again in 9999 minutes", 3600), (-5, "x", 1), (1e300, "x", 3600),
    (nil, "try again in -7 minutes", 1), (nil, "nan minutes", 60), ("7", "in 2 minutes", 120),
    (nil, "minutes 7", 60), (nil, "inf minutes", 3600), (nil, "try again in 2 hours", 3600),
  ]

  @Test(arguments: waits.indices)
  func `how long to wait is a number or in the words, and bounded`(index: Int) {
    let (ratelimit, message, seconds) = Self.waits[index]
    var json: JSONObject = ["errors": [["RATELIMIT", .string(message), "ratelimit"]]]
    json["ratelimit"] = ratelimit
    let wait = RedditProblem(.json(200, ["json": .object(json)]))?.wait
    #expect(wait.map { $0 / 1_000_000_000 } == seconds)
  }
}
