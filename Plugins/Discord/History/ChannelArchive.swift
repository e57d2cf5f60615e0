internal import PluginKit
internal import ProviderKit

/// The past of channels and threads, page by page, as the API shows it to the bot.
///
/// A cursor is the id of the oldest message of the page before, so that nothing that is written or deleted meanwhile moves
/// what is behind it.
@PluginActor
final class ChannelArchive: HistorySource {
  /// The kind of what a space's name names.
  static let kind = "channel"

  let account: Account
  let intake: Intake
  private let rest: any RESTCalling
  private let allowed: [RESTPattern]

  /// An archive that keeps to the calls that the operator allows to others; none said: all.
  init(account: Account, intake: Intake, rest: any RESTCalling, allowed: [RESTPattern]) {
    (self.account, self.intake, self.rest, self.allowed) = (account, intake, rest, allowed)
  }

  func page(_ wish: HistoryWish, for caller: HistoryCaller) async throws -> HistoryPage {
    guard wish.space.kind == Self.kind, let channel = Snowflake(wish.space.id) else {
      throw HistoryRefusal(400, "history.space_urn: expected urn of a channel by its id, found \(wish.space)")
    }
    guard try await intake.allows(reading: channel) else {
      throw HistoryRefusal(
        403,
        "history.space_urn: expected a channel that the tenant's `allow` covers, found \(channel)"
      )
    }
    let answer = try await get("/channels/\(channel)/messages?\(try Self.query(wish))", for: caller)
    guard let messages = MessagePage.messages(answer.body) else {
      throw ProviderError("channel \(channel): expected a list of messages, found something else")
    }
    try await intake.recover(messages.map(\.json), of: channel, isMissed: false)
    guard intake.publishes(SocialMessageCreated.intent) else {
      throw HistoryRefusal(403, "expected a grant of publish for events.\(SocialMessageCreated.intent), found none")
    }
    // Discord gives fewer than it is asked for where there are no more.
    let isLast = messages.count < wish.limit
    return HistoryPage(
      messages: messages.count,
      newest: messages.last?.id.millisecondsSince1970,
      oldest: messages.first?.id.millisecondsSince1970,
      next: isLast ? nil : messages.first?.id.description
    )
  }

  private static func query(_ wish: HistoryWish) throws(ProviderError) -> String {
    var end = wish.until.map { Snowflake(millisecondsSince1970: $0) }
    if let text = wish.before {
      guard let before = Snowflake(text) else {
        throw ProviderError("history.before: expected a cursor that an answer has given, found \"\(text.prefix(32))\"")
      }
      end = min(before, end ?? before)
    }
    return "limit=\(wish.limit)" + (end.map { "&before=\($0)" } ?? "")
  }

  /// Calls the API behind all others that wait.
  ///
  /// - Throws: A refusal for every status but 200: what is not there for good, and what another time may be.
  func get(_ path: String, for caller: HistoryCaller) async throws -> RESTAnswer {
    var call = RESTCall(
      method: "GET",
      path: path,
      isRepeatable: true,
      requester: caller.requester,
      deadline: caller.deadline
    )
    call.isPatient = true
    let route = try Route(method: call.method, path: call.path, now: 0)
    do throws(ProviderError) {
      try allowed.check(route.method, route.path.path, named: route.name)
    } catch {
      throw HistoryRefusal(403, error.description)
    }
    let answer = try await rest.perform(call)
    guard answer.status == 200 else {
      let hint = Hints.hint(for: answer, to: route).map { ": \($0)" } ?? ""
      throw HistoryRefusal(
        answer.status,
        "\(route.name): expected 200, found \(answer.status)\(hint)",
        retryAfter: Limited(answer)?.retryAfter ?? 0
      )
    }
    return answer
  }
}
