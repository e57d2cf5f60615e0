internal import PluginKit

/// What the shards of a gateway share.
@PluginActor
struct ShardParts {
  let context: Context
  let account: Account
  let settings: GatewaySettings
  let link: any GatewayLink
  let sink: any DispatchSink
  let directory: GatewayDirectory
  let queue: IdentifyQueue
  let identifyGuard: IdentifyGuard
  let sessions: SessionStore
  /// A copy of the token, for a payload that is made at once.
  let token: () throws(HostError) -> String
  /// A number from 0 up to 1.
  let random: () -> Double
}

/// What happened to a shard, for the gateway that it belongs to.
@PluginActor
protocol ShardObserver: AnyObject {
  /// A session is about to begin: what came in none, or in one that is lost, is to be fetched.
  func willIdentify(_ shard: Int) async
  /// A session has begun.
  func hasIdentified(_ shard: Int)
  /// The first event of a session has been taken in.
  func hasBegun(_ shard: Int)
  /// It is of no use to go on, for any shard.
  func hasFailed(_ shard: Int, _ failure: GatewayFailure)
}
