internal import PluginKit

/// Asks the REST API for a channel that no event has told of.
@PluginActor
struct ChannelLookup {
  /// How long an event may wait for it, ns: what comes behind it waits too.
  private static let patience: Int64 = 10_000_000_000

  let context: Context
  let rest: any RESTCalling

  /// The channel as the API shows it; nil if it shows none.
  func object(of channel: Snowflake) async -> [UInt8]? {
    let call = RESTCall(
      method: "GET",
      path: "/channels/\(channel)",
      isRepeatable: true,
      requester: context.pluginID,
      deadline: context.clock.now.nanoseconds + Self.patience
    )
    do throws(RESTFailure) {
      let answer = try await rest.perform(call)
      return answer.status == 200 ? answer.body : nil
    } catch {
      context.log.warning("a channel could not be looked up: it counts as not allowed", ["why": .string("\(error)")])
      return nil
    }
  }
}
