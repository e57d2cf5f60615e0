import Locking
import PluginKit
import ProviderKit
import TestSupport

@testable import Discord

/// A plugin that does nothing but post, in a host made for tests.
final class PostingFixture: Sendable {
  /// The channels of the fixtures, by a name in their configuration.
  static let channels = Locked<[String: ChannelDouble]>([:])

  let channel = ChannelDouble()
  let host: FakeHost

  init(_ config: JSONObject = [:], answer: @escaping @Sendable (Envelope) -> FakeHost.Answer = { _ in .error("none") })
    async throws
  {
    let name = "\(ObjectIdentifier(channel))"
    var config = config
    config["fixture"] = .string(name)
    Self.channels.withLock { [channel] in $0[name] = channel }
    host = FakeHost(
      PostingPlugin.self,
      config: .object(config),
      provider: "discord",
      tenant: "demo",
      answer: answer
    )
    try await host.boot()
  }

  /// Ends the process as SIGKILL does, and starts another that knows what the host keeps.
  func killAndBoot() async throws {
    await host.destroy()
    try await host.boot()
  }

  func pass(_ duration: Duration) async {
    channel.pass(milliseconds: Int64(duration / .milliseconds(1)))
    await host.advance(by: duration)
  }

  static func wish(_ text: String, _ more: JSONObject = [:], id: String = "w1") -> Envelope {
    var wish: JSONObject = [
      "provider": "discord", "tenant": "demo", "space_urn": "urn:discord:channel:demo:100", "text": .string(text),
    ]
    for (key, value) in more { wish[key] = value }
    var envelope = Envelope(
      topic: "promethean.p.discord.t.demo.social.PostMessage",
      intent: "PostMessage",
      payload: JSON.object(wish).bytes()
    )
    envelope.id = id
    envelope.src = "worker"
    return envelope
  }

  /// What a wish is answered with.
  @discardableResult
  func post(_ text: String, _ more: JSONObject = [:], id: String = "w1") async throws -> JSON {
    try await host.request(Self.wish(text, more, id: id))
  }

  /// The words of the error that a wish is answered with.
  func refusal(_ text: String, _ more: JSONObject = [:]) async -> String {
    do {
      return "no error: \(try await post(text, more))"
    } catch {
      return (error as? FakeHost.Failure)?.description ?? "\(error)"
    }
  }

  /// How a wish that nobody waits for ends.
  func deliver(_ text: String, _ more: JSONObject = [:]) async -> HostRecord.Outcome {
    await host.handle(Self.wish(text, more))
  }
}

/// What the access plugin does with a wish, alone.
@PluginActor
final class PostingPlugin: Plugin {
  nonisolated static let id = "posting"

  private let poster: Poster

  init(context: Context) throws {
    let name = try context.config.string("fixture")
    let channel = PostingFixture.channels.withLock { $0[name] }
    guard let channel else { throw ProviderError("config.fixture: expected one of this process, found \(name)") }
    poster = Poster(
      context: context,
      account: Account(provider: context.provider, tenant: context.tenant),
      rest: ChannelCalls(channel),
      settings: try PostSettings(context.config),
      isAllowed: { $0 == Snowflake(100) },
      me: { ChannelDouble.me },
      hint: { status, _ in status == 403 ? "give the bot the permission Send Messages" : nil }
    )
  }

  func start() async throws { try await poster.start() }

  func handle(_ envelope: Envelope) async throws -> Response? { try await poster.post(envelope) }
}

extension JSON {
  /// The fields of an answer's losses.
  var lost: [String] { self["losses"]?.arrayValue?.compactMap { $0["field"]?.stringValue } ?? ["none told"] }

  /// How many messages an answer tells of.
  var count: Int { self["message_ids"]?.arrayValue?.count ?? -1 }
}
