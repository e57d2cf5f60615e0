import PluginABI
import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct BindingTests {
  /// A plugin that only knows what it was told.
  @PluginActor
  final class Bound: Plugin {
    nonisolated static let id = "bound"
    private let context: Context

    init(context: Context) { self.context = context }

    func handle(_ envelope: Envelope) async throws -> Response? {
      let binding = context.binding
      let routes = binding.grants("provider.rest.call")
      return Response(json: [
        "guilds": binding.allow["guilds"].map { .array($0.map { .string($0) }) } ?? .null,
        "max": .int(Int64(try binding.rate.int("max", default: 0))),
        "routes": routes.map { .array($0.map { .string($0) }) } ?? .null,
        "get": .bool(binding.allows("provider.rest.call", "GET /channels/1/messages")),
        "post": .bool(binding.allows("provider.rest.call", "POST /channels/1/messages")),
        "gateway": .bool(binding.allows("provider.gateway.connect")),
      ])
    }
  }

  private let question = Envelope(topic: "promethean.p.echo.t.demo.control.ask")

  private func told(_ binding: JSON?) async throws -> JSON {
    let host = FakeHost(Bound.self, binding: binding)
    try await host.boot()
    let answer = try await host.request(question)
    try await host.stop()
    return answer
  }

  @Test func `an instance knows its tenant's lists, its rate and its routes`() async throws {
    let binding: JSON = [
      "allow": ["guilds": ["1", "2"]], "rate": ["max": 4],
      "grants": ["provider.gateway.connect": [], "provider.rest.call": ["PUT *", "GET /channels/*/mess*"]],
    ]
    #expect(
      try await told(binding) == [
        "guilds": ["1", "2"], "max": 4, "routes": ["PUT *", "GET /channels/*/mess*"], "get": true, "post": false,
        "gateway": true,
      ]
    )
  }

  @Test func `one that is bound to no tenant is granted nothing there`() async throws {
    #expect(
      try await told(nil) == [
        "guilds": nil, "max": 0, "routes": nil, "get": false, "post": false, "gateway": false,
      ]
    )
  }

  @Test(
    arguments: [
      (["allow": ["guilds": [1]]], "binding.allow.guilds: expected list of strings, found array"),
      (["grants": 7], "binding.grants: expected object, found integer 7"),
      ("x", #"binding: expected object, found string "x""#),
    ] as [(JSON, String)]
  )
  func `one that is malformed keeps the instance from being`(binding: JSON, why: String) async throws {
    let host = FakeHost(Bound.self, binding: binding)
    let failure = await #expect(throws: FakeHost.Failure.self) { try await host.create() }
    #expect(failure?.description == why)
  }

  @Test func `what is wrong with the rate is said by its name`() async throws {
    let host = FakeHost(Bound.self, binding: ["rate": ["max": "fast"]])
    try await host.boot()
    let failure = await #expect(throws: FakeHost.Failure.self) { try await host.request(question) }
    #expect(failure?.description == #"rate.max: expected integer, found string "fast""#)
    try await host.stop()
  }
}
