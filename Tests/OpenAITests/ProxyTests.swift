import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import OpenAI

@Suite(.timeLimit(.minutes(Patience.minutes))) struct ProxyTests {
  @Test func `a call goes with the key, and its answer without it`() async throws {
    let (answer, seen) = try await OpenAIBench.run(config: ["api": "http://127.0.0.1:11434/v1/"]) { bench in
      bench.answer([.answer(.error(400, "what of \(OpenAIBench.key)?", OpenAIBench.key))])
      return await (bench.ask().0, bench.api.seen)
    }
    #expect(seen.map(\.url) == ["http://127.0.0.1:11434/v1/embeddings"] && seen[0].method == "POST")
    #expect(seen[0].headers["Authorization"] == "Bearer \(OpenAIBench.key)")
    #expect(seen[0].headers["Content-Type"] == "application/json")
    #expect(seen[0].body == #"{"model":"m","input":["one"],"encoding_format":"base64"}"#)
    #expect(answer["status"] == 400 && answer["ok"] == false && answer["tenant"] == "demo")
    #expect(answer["error"] == ["code": "[api key]", "message": "what of [api key]?"])
    #expect(!answer.text.contains("canary"), "\(answer)")
  }

  @Test func `a tenant without a key calls without one`() async throws {
    let seen = try await OpenAIBench.run(key: nil) { bench in
      bench.answer([])
      let (answer, _) = await bench.ask(["method": "get", "path": "/models"])
      #expect(answer["ok"] == true && answer["data"] == ["data": []])
      return bench.api.seen
    }
    #expect(seen.map(\.url) == ["https://api.openai.com/v1/models"])
    #expect(seen[0].headers["Authorization"] == nil && seen[0].body.isEmpty)
  }

  @Test func `a short key is a word like others, and stays where it stands`() async throws {
    let answer = try await OpenAIBench.run(key: "ollama") { bench in
      bench.answer([.answer(.json(200, ["data": [["owned_by": "ollama"]]]))])
      return await bench.ask(["method": "GET", "path": "/models"]).0
    }
    #expect(answer["data"]?["data"]?.arrayValue?[0]["owned_by"] == "ollama")
  }

  static let wrong: [(payload: JSON, words: String)] = [
    ([], "payload: expected object with method and path, found empty array"),
    (["method": "POST"], #"path: expected string such as "/embeddings", found nothing"#),
    (["method": "PUT", "path": "/models"], "method: expected one of GET, POST, found PUT"),
    (["method": "GET", "path": "/files"], "path: expected one of GET /models, POST /embeddings, found GET /files"),
    (["method": "GET", "path": "/embeddings"], "path: expected one of"),
    (["method": "POST", "path": "/chat/completions", "body": [:]], "path: expected one of"),
    (["method": "GET", "path": "/models/../files"], "path: expected no segment that is empty, . or .."),
    (["method": "GET", "path": "//evil.example/models"], "path: expected no segment that is empty"),
    (["method": "GET", "path": "https://evil.example/"], "path: expected a path below the API's root"),
    (["method": "POST", "path": "/embeddings"], "body: expected object, found null"),
    (["method": "POST", "path": "/embeddings", "body": [1]], "body: expected object, found array"),
    (["method": "GET", "path": "/models", "tenant": "other"], "tenant: expected demo"),
    (["method": "GET", "path": "/models", "key": "x"], "key: unknown"),
  ]

  @Test(arguments: wrong.indices)
  func `what is none of the calls is refused, and nothing is sent`(index: Int) async throws {
    let (words, sent) = try await OpenAIBench.run { bench in
      await (bench.ask(Self.wrong[index].payload).1, bench.api.seen.count)
    }
    #expect(words.hasPrefix(Self.wrong[index].words), "\(words)")
    #expect(sent == 0)
  }

  @Test func `what is no request is rejected`() async throws {
    let words = try await OpenAIBench.run { await $0.ask(isRequest: false).1 }
    #expect(words.contains("expected a request"), "\(words)")
  }

  static let patterns: [(grant: String, isAllowed: Bool)] = [
    ("POST /embeddings", true), ("* /emb*", true), ("*", true), ("GET /models", false), ("POST /embed", false),
  ]

  @Test(arguments: patterns.indices)
  func `no call goes that the operator does not allow`(index: Int) async throws {
    let (grant, isAllowed) = Self.patterns[index]
    let binding: JSON = ["grants": ["provider.rest.call": [.string(grant)]]]
    let (words, sent) = try await OpenAIBench.run(binding: binding) { bench in
      bench.answer([])
      return await (bench.ask().1, bench.api.seen.count)
    }
    #expect(sent == (isAllowed ? 1 : 0))
    #expect(words.contains("provider.rest.call") == !isAllowed, "\(words)")
  }

  @Test func `numbers are packed where base64 was asked for, and only there`() async throws {
    let list: JSON = ["data": [["index": 0, "embedding": [1, -0.5]], ["index": 1, "embedding": [0.25, .null]]]]
    let (packed, plain) = try await OpenAIBench.run { bench in
      bench.answer([.answer(.json(200, list)), .answer(.json(200, list))])
      let body: JSON = ["model": "m", "input": "one"]
      return await (bench.ask().0, bench.ask(["method": "POST", "path": "/embeddings", "body": body]).0)
    }
    let items = packed["data"]?["data"]?.arrayValue ?? []
    // 0x3F800000 and 0xBF000000.
    #expect(items.first == ["index": 0, "embedding": "AACAPwAAAL8="])
    // What is no list of numbers is for whoever asked to refuse.
    #expect(items.last?["embedding"] == [0.25, .null])
    #expect(plain["data"] == list)
  }

  @Test func `an answer that does not fit an envelope says so, and what to ask for`() async throws {
    let words = try await OpenAIBench.run { bench in
      bench.answer([.answer(.json(200, ["data": .string(String(repeating: "x", count: 70_000))]))])
      return await bench.ask().1
    }
    #expect(words.hasPrefix("POST /embeddings: expected an answer of at most \(RESTReply.sizeMax) bytes"), "\(words)")
    #expect(words.contains("ask for less at once"))
  }

  @Test func `no part of a long key is told, wherever a server quotes it`() async throws {
    let key = "sk-proj-" + (0..<15).map { "canary\($0)abcd" }.joined()
    let answers = try await OpenAIBench.run(key: key) { bench in
      let words = String(repeating: "x", count: 450) + key
      bench.answer([
        .answer(.error(403, words, key)), .answer(.body(403, "<p>\(words)")),
        .answer(RESTAnswer(status: 403, body: [0xff] + Array(key.utf8))),
      ])
      return await [bench.ask().0, bench.ask().0, bench.ask().0]
    }
    for answer in answers {
      #expect(answer["status"] == 403)
      #expect(!answer.text.contains("canary") && answer["base64"] == nil, "\(answer)")
    }
  }

  @Test func `a tenant may have a server of its own`() async throws {
    let servers: JSON = [
      ["tenant": "other", "api": "http://other/v1"], ["tenant": "demo", "api": "http://own:8080/v1/"],
    ]
    let seen = try await OpenAIBench.run(config: ["api": "http://all/v1", "servers": servers]) { bench in
      bench.answer([])
      _ = await bench.ask()
      return bench.api.seen
    }
    #expect(seen.map(\.url) == ["http://own:8080/v1/embeddings"])
    let twice: JSON = ["servers": [["tenant": "demo", "api": "http://a"], ["tenant": "demo", "api": "http://b"]]]
    let host = FakeHost(OpenAIPlugin.self, config: twice, provider: "openai", tenant: "demo")
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.create() }
    #expect(error?.description == "config.servers: expected each tenant once, found demo 2 times")
  }

  @Test(arguments: [("api", "ftp://x/v1"), ("api", "x"), ("ca_file", "authorities.pem")])
  func `a wrong configuration names the key`(key: String, value: String) async throws {
    let host = FakeHost(OpenAIPlugin.self, config: [key: .string(value)], provider: "openai", tenant: "demo")
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.create() }
    #expect(error?.description.hasPrefix("config.\(key): expected") == true, "\(error.debugDescription)")
  }
}
