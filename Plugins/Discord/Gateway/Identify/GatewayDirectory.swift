internal import PluginKit
internal import ProviderKit

/// What Discord's API says about its gateway and about the application: where, how many shards, how many sessions.
@PluginActor
final class GatewayDirectory {
  /// An answer of `GET /gateway/bot`.
  struct Entry {
    var url: String
    /// How many shards Discord recommends.
    var shards: Int
    /// How many sessions may be begun in a day, and how many more may be.
    var total: Int
    var remaining: Int
    /// When there are `total` again, ns since 1970.
    var resetAt: Int64
    /// How many shards may identify at once.
    var maxConcurrency: Int
    var readAt: Int64
  }

  /// Why there is no answer.
  enum Failure: Error {
    /// The token is not accepted: asking again is of no use.
    case token(String)
    case other(String)
  }

  /// How long an answer is waited for.
  private static let patience: Int64 = 30_000_000_000

  private let context: Context
  private let rest: any RESTCalling
  private var entry: Entry?
  /// The gateway's URL, as last heard or remembered from an earlier process.
  private(set) var url: String?

  init(context: Context, rest: any RESTCalling) {
    self.context = context
    self.rest = rest
  }

  /// Takes a URL that an earlier process has heard, as long as there is no newer one.
  func remember(url: String) {
    if self.url == nil { self.url = url }
  }

  /// What the API says, no older than some time.
  func entry(noOlderThan age: Duration) async throws(Failure) -> Entry {
    let now = context.clock.now.nanoseconds
    if let entry, entry.readAt <= now, now - entry.readAt <= Int64(age / .nanoseconds(1)) { return entry }
    let json = try await get("/gateway/bot")
    guard let url = json["url"]?.stringValue, let limit = json["session_start_limit"],
      let total = limit["total"]?.intValue, let remaining = limit["remaining"]?.intValue,
      let resetAfter = limit["reset_after"]?.intValue
    else {
      throw .other("GET /gateway/bot: expected url and session_start_limit, found \(json.summary)")
    }
    let readAt = context.clock.now.nanoseconds
    let fresh = Entry(
      url: url,
      shards: max(1, Int(clamping: json["shards"]?.intValue ?? 1)),
      total: Int(clamping: total),
      remaining: Int(clamping: remaining),
      // A day is what Discord counts in; what is beyond it is a mistake.
      resetAt: readAt + min(max(0, resetAfter), 2 * 86_400_000) * 1_000_000,
      maxConcurrency: max(1, Int(clamping: limit["max_concurrency"]?.intValue ?? 1)),
      readAt: readAt
    )
    entry = fresh
    self.url = url
    return fresh
  }

  /// A session has been begun since the last answer.
  func spent() {
    entry?.remaining -= 1
  }

  /// The flags of the application, which tell the privileged intents that it has.
  func applicationFlags() async throws(Failure) -> Int {
    let json = try await get("/applications/@me")
    return Int(clamping: json["flags"]?.intValue ?? 0)
  }

  private func get(_ path: String) async throws(Failure) -> JSON {
    let deadline = context.clock.now.nanoseconds + Self.patience
    let call = RESTCall(
      method: "GET",
      path: path,
      isRepeatable: true,
      requester: context.pluginID,
      deadline: deadline
    )
    let answer: RESTAnswer
    do throws(RESTFailure) {
      answer = try await rest.perform(call)
    } catch {
      throw .other("GET \(path): \(error)")
    }
    switch answer.status {
    case 200: break
    case 401: throw .token("Discord does not accept the token (GET \(path): 401)")
    default: throw .other("GET \(path): expected 200, found \(answer.status)")
    }
    guard let json = try? JSON.parse(answer.body) else { throw .other("GET \(path): expected JSON, found none") }
    return json
  }
}
