internal import PluginKit
internal import ProviderKit

/// Asks the REST API for a channel that no event has told of.
@PluginActor
struct ChannelLookup {
  /// What the API says of a channel.
  enum Answer {
    /// This, as JSON.
    case object([UInt8])
    /// That there is none, or none that the bot sees.
    case hidden
    /// Nothing, for this reason: another time it may.
    case none(String)
  }

  /// How long an event may wait for it, ns: what comes behind it waits too.
  private static let patience: Int64 = 10_000_000_000

  let context: Context
  let rest: any RESTCalling

  /// The channel as the API shows it.
  func answer(for channel: Snowflake) async -> Answer {
    let call = RESTCall(
      method: "GET",
      path: "/channels/\(channel)",
      isRepeatable: true,
      requester: context.pluginID,
      deadline: context.clock.now.nanoseconds + Self.patience
    )
    do throws(RESTFailure) {
      let answer = try await rest.perform(call)
      switch answer.status {
      case 200: return .object(answer.body)
      case 403, 404: return .hidden
      default: return .none("GET \(call.path): expected 200, found \(answer.status)")
      }
    } catch {
      return .none("GET \(call.path): \(error)")
    }
  }
}
