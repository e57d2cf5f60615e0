import Envelope
import Foundation
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// Texts become vectors by a model behind a server, whose key one process has, and the embedder is not that.
  @Suite struct EndpointTests {
    private static let key = "sk-\(UInt64.random(in: 0...(.max)))-\(UInt64.random(in: 0...(.max)))"

    @Test func `a request has the server's vectors, and an error of the server's is the answer`() async throws {
      let server = try await OpenAIServer(key: Self.key)
      let endpoint = try EndpointDeployment(server, key: Self.key)
      #expect(try await endpoint.isRight(endpoint.infer(["one", "two", ""]), ["one", "two", " "]))
      var number = 0
      /// Another text each time, since vectors are kept.
      func text() -> String {
        number += 1
        return "text \(number)"
      }
      // What passes is tried again.
      let passing: [(kind: String, more: JSONObject)] = [
        ("status", ["status": 500]), ("status", ["status": 429, "headers": ["Retry-After": "0"]]), ("html", [:]),
        ("truncated", [:]), ("cut", [:]), ("late", ["seconds": 0.1]), ("reversed", [:]),
      ]
      for (kind, more) in passing {
        try await server.next("request", kind, more)
        let texts = [text(), text()]
        #expect(try await endpoint.isRight(endpoint.infer(texts), texts), "\(kind)")
      }
      // What does not is told.
      let lasting: [(kind: String, more: JSONObject, words: String)] = [
        ("count", [:], "data: expected a list of 2 vectors, found 1"),
        ("index", [:], "data[1].index: expected each once, found 0 twice"),
        ("dimension", [:], "data[0].embedding: expected 8 numbers, as the model's dimension says, found 7"),
        ("nan", [:], "data[0].embedding: expected finite numbers, found nan at 0"),
        ("zero", [:], "data[0].embedding: expected a direction, found 8 zeros"),
        ("status", ["status": 403, "message": "not for you"], "403 (the key may not do this"),
        ("status", ["status": 429, "headers": ["Retry-After": "3"], "code": "insufficient_quota"], "no credit left"),
      ]
      for (kind, more, words) in lasting {
        try await server.next("request", kind, more)
        let run = try endpoint.infer([text(), text()])
        #expect(run.end == .status(1) && (run.output + run.errors).contains(words), "\(kind): \(run.errors)")
      }
      try await server.next("request", "hang")
      let late = try endpoint.infer([text()], model: "impatient")
      #expect(late.end == .status(1), "\(late.output)")
      // One text that is refused fails alone, and other models go on all the while.
      let poisoned = try endpoint.infer([text(), "poison"])
      #expect(poisoned.errors.contains("400: there is poison in: poison"), "\(poisoned.errors)")
      #expect(try endpoint.vectors(endpoint.infer(["one"], model: "feature-hashing")).first?.count == 384)
      let texts = [text()]
      #expect(try await endpoint.isRight(endpoint.infer(texts), texts))
      #expect(try endpoint.host.stop() == .status(0))
    }

    @Test func `a server without a key, which knows no base64, has a tenant without credentials`() async throws {
      let server = try await OpenAIServer(dimension: 1_536, isPlain: true)
      let endpoint = try EndpointDeployment(server, dimension: 1_536)
      let texts = (0..<7).map { "text \($0)" }
      #expect(try await endpoint.isRight(endpoint.infer(texts), texts))
      #expect(try await server.record("request").allSatisfy { $0["key"] == "" && $0["status"] == 200 })
      #expect(try endpoint.host.stop() == .status(0))
    }

    @Test func `the key is in no process but its own plugin's, and in nothing that is written, also when it is quoted`()
      async throws
    {
      let marker = "the-search-finds-this-\(UInt32.random(in: 0...(.max)))"
      let server = try await OpenAIServer(key: Self.key)
      let endpoint = try EndpointDeployment(server, key: Self.key)
      let client = try endpoint.host.client()
      #expect(try await endpoint.isRight(endpoint.infer([marker]), [marker]))
      let models: JSON = ["method": "GET", "path": "/models"]
      #expect(try client.request(EndpointDeployment.rest, models)["data"]?["status"] == 200)
      // The server quotes it, which is refused from then on, and said.
      try await server.next("request", "leak")
      let refused = try endpoint.infer(["refused"])
      #expect(refused.errors.contains("401 (the key was refused"), "\(refused.errors)")
      #expect(refused.errors.contains("Incorrect API key provided: [api key]"), "\(refused.errors)")
      let again = try endpoint.infer(["again"])
      #expect(again.errors.contains("run promethean secrets rotate"), "\(again.errors)")
      _ = try endpoint.host.until("its health says so") {
        try client.instance("openai@main")["error"]?.stringValue?.contains("the key was refused") == true ? () : nil
      }
      // With another it goes on.
      let next = Self.key + "-next"
      try await server.control("key", ["key": .string(next)])
      try endpoint.write(key: next)
      #expect(try endpoint.host.run("secrets", "rotate").end == .status(0))
      #expect(try await endpoint.isRight(endpoint.infer(["again"]), ["again"]))

      var (needles, control) = (Needles(), Needles())
      needles.add(Self.key, "the key")
      control.add(marker, "marker")
      let instances = try client.call("status")["instances"]?.arrayValue ?? []
      let others = instances.filter { $0["plugin"] != "openai" }.compactMap { $0["pid"]?.intValue }
      #expect(others.count == 1)
      var hasMarker = false
      for pid in others + [Int64(try #require(endpoint.host.process?.pid))] {
        let view = ProcessView(pid: Int32(pid))
        // Memory that nobody can read is no place to look in.
        #expect((view.search(needles) ?? []) == [], "process \(pid)")
        hasMarker = hasMarker || view.search(control)?.isEmpty == false
      }
      #expect(hasMarker, "the search sees no memory")
      let shown = [refused, again].map { ($0.output + $0.errors) }
      for text in shown { #expect(needles.found(in: text.utf8) == []) }
      for (name, bytes) in try endpoint.host.written() { #expect(needles.found(in: bytes) == [], "\(name)") }
      #expect(try endpoint.host.stop() == .status(0))
    }
  }
}
