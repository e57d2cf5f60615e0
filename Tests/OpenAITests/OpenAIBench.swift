import Envelope
import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport

@testable import OpenAI

/// A server's API that answers as a test likes, and what a plugin makes of it.
@PluginActor
final class OpenAIBench {
  nonisolated static let key = "sk-canary-0123456789"

  let context: Context
  let host: FakeHost
  let api: HTTPDouble
  let client: RESTClient
  private let proxy: RESTProxy

  private init(_ context: Context, _ host: FakeHost) throws {
    (self.context, self.host) = (context, host)
    let settings = try Settings(context.config, context.binding, tenant: "demo")
    api = HTTPDouble(context.clock)
    client = RESTClient(context: context, api: settings.api, http: api, random: { 0.5 })
    proxy = RESTProxy(tenant: "demo", allowed: settings.allowedCalls, rest: client)
  }

  /// Runs something in a plugin whose clock goes on whenever nothing more can be done without.
  nonisolated static func run<Value: Sendable>(
    key: String? = key,
    config: JSONObject = [:],
    binding: JSON? = nil,
    _ body: @escaping @PluginActor @Sendable (OpenAIBench) async throws -> Value
  ) async throws -> Value {
    try await Stage.run(
      on: { FakeHost(Stage.self, config: $0, provider: "openai", tenant: "demo", binding: binding) },
      config: config,
      credentials: key.map { ["api_key": $0] } ?? [:],
      step: .milliseconds(50),
      rounds: 40
    ) { context, host in
      try await body(OpenAIBench(context, host))
    }
  }

  /// A request for vectors of texts.
  nonisolated static func vectors(_ texts: [String] = ["one"]) -> JSON {
    let input = JSON.array(texts.map { .string($0) })
    return [
      "method": "POST", "path": "/embeddings",
      "body": ["model": "m", "input": input, "encoding_format": "base64"],
    ]
  }

  /// What somebody's request is answered with, or the words of its refusal.
  func ask(_ payload: JSON = vectors(), isRequest: Bool = true, within seconds: Double = 30) async -> (JSON, String) {
    var envelope = Envelope(topic: "promethean.p.openai.t.demo.control.request", payload: payload.bytes())
    envelope.flags = isRequest ? .request : []
    envelope.deadline = context.clock.now.nanoseconds + Int64(seconds * 1e9)
    do {
      return (try JSON.parse(try await proxy.handle(envelope).payload), "")
    } catch {
      return (.null, "\(error)")
    }
  }

  /// Answers so many requests so, and all that come then with an empty list.
  func answer(_ replies: [HTTPDouble.Reply]) {
    api.script = { _, number in number < replies.count ? replies[number] : .answer(.json(200, ["data": []])) }
  }
}

extension RESTAnswer {
  /// A body that may be anything.
  static func body(_ status: Int, _ text: String) -> RESTAnswer {
    RESTAnswer(status: status, headers: [("content-type", "text/html")], body: Array(text.utf8))
  }

  /// An error as the API has it.
  static func error(_ status: Int, _ message: String, _ code: String = "", _ headers: [String: String] = [:])
    -> RESTAnswer
  {
    let error: JSON = ["message": .string(message), "type": "some_error", "code": code.isEmpty ? .null : .string(code)]
    return .json(status, ["error": error], headers.map { (name: $0.key, value: $0.value) })
  }
}
