internal import PluginKit
internal import ProviderKit

/// What to do about an error of Discord's, for whoever meets it the first time.
///
/// Source: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
enum Hints {
  /// The hint for an answer; nil where the answer speaks for itself.
  static func hint(for answer: RESTAnswer, to route: Route) -> String? {
    guard answer.status >= 400 else { return nil }
    if let code = answer.errorCode, code == 50013 || code == 50001, let permission = permission(route) {
      return "\(byCode[code] ?? ""); here the bot needs: \(permission)"
    }
    return answer.errorCode.flatMap { byCode[$0] } ?? byStatus[answer.status]
  }

  /// The hint for what answered a message that was to be posted.
  static func hintForPosting(_ answer: RESTAnswer) -> String? {
    guard let route = try? Route(method: "POST", path: "/channels/0/messages", now: 0) else { return nil }
    return hint(for: answer, to: route)
  }

  private static let byStatus: [Int: String] = [
    400: "Discord does not understand the request; `errors` in the answer names the fields",
    401: "the bot's token is not accepted: make a new one in the developer portal (Bot, Reset Token)",
    403: "the bot may not do this: look at its role's permissions in the server, and at the channel's overwrites",
    404: "there is no such thing, or the bot does not see it: check the ids, and that the bot is in the server",
    405: "this endpoint has no such method: compare with Discord's documentation",
    429: "Discord's limit was hit; try again after retry_after_ms, or give the request a later deadline",
    500: "Discord is in trouble; see https://discordstatus.com",
    502: "Discord is in trouble; see https://discordstatus.com",
    503: "Discord is in trouble; see https://discordstatus.com",
    504: "Discord is in trouble; see https://discordstatus.com",
  ]

  private static let byCode: [Int64: String] = [
    10003:
      "unknown channel: check the id (User Settings, Advanced, Developer Mode, then Copy Channel ID), and that the "
      + "bot is in the server",
    10004: "unknown server: check the id, and invite the bot (developer portal, OAuth2, URL Generator)",
    10006: "unknown invite: it has expired or been withdrawn",
    10007: "unknown member: the user is not in this server",
    10008: "unknown message: it was deleted, or is in another channel",
    10011: "unknown role: it was deleted, or is of another server",
    10013: "unknown user: check the id",
    10014: "unknown emoji: write a custom one as name:id, and any other as itself",
    10015: "unknown webhook: it was deleted; an interaction's is gone 15 minutes after the interaction",
    10062: "unknown interaction: it must be answered within 3 seconds, once",
    20001: "bots cannot use this endpoint",
    20016: "slow mode: the channel lets nobody write so often",
    20028: "the channel's own limit for writing was hit: wait a little",
    30003: "the channel has as many pins as there can be: remove one",
    30005: "the server has as many roles as there can be: remove one",
    30007: "the channel has as many webhooks as there can be (15): use or delete one that is there",
    30010: "the message has as many different reactions as there can be (20)",
    30013: "the server has as many channels as there can be (500): delete one",
    30046: "an old message (over an hour) was edited too often: wait, or write a new one",
    40001: "the bot's token is not accepted here: make a new one in the developer portal (Bot, Reset Token)",
    40002: "the account must be verified first",
    40005: "the request is too large: send smaller files; how large depends on the server's boosts",
    40060: "the interaction was answered already: edit the answer, or send a follow-up by its webhook",
    50001:
      "missing access: the bot does not see the channel or server; give its role View Channel, and check that it is "
      + "in the server",
    50003: "this cannot be done in a direct message",
    50005: "another's message cannot be edited",
    50006: "an empty message: it needs content, embeds, stickers, components, a poll or files",
    50007: "this user takes no direct messages from the bot",
    50008: "this kind of channel takes no messages: give the id of one that does, not of a category",
    50009: "the channel's verification level keeps the bot out",
    50013: "missing permissions: give them to the bot's role in the server, above the roles and members it acts on",
    50014: "the bot's token is not accepted: make a new one in the developer portal (Bot, Reset Token)",
    50016: "the number of messages to delete is wrong: expected 2 to 100",
    50019: "only messages of this channel can be pinned",
    50021: "this cannot be done with a system message",
    50024: "this kind of channel cannot do that",
    50025: "the OAuth2 access token is not accepted: where an endpoint takes one, a bot's token is none",
    50027: "the webhook's token is wrong: make a new webhook",
    50033: "one of the recipients cannot be one",
    50034: "a message is older than 14 days, which only one at a time can be deleted",
    50035: "a field is wrong; `errors` in the answer names it and what is expected",
    50045: "a file is larger than this server lets it be",
    50055: "the server's id is wrong",
    50083: "the thread is archived: open it first",
    50101: "the server must be boosted more for this",
    50278: "this user takes no direct messages from the bot, since they share no server",
    60003: "the owner of the application must have two-factor authentication, since the server demands it",
    80004: "there is nobody of this name",
    90001: "the bot was blocked from reacting here by the message's author",
    130000: "Discord is overloaded: try again a little later",
    160002: "replying needs the permission Read Message History",
    160004: "the message has a thread already",
    160005: "the thread is locked",
    200000: "the server's automatic moderation refused the message",
  ]

  /// What the bot needs for a route, where that is plain.
  private static func permission(_ route: Route) -> String? { permissions[route.name] }

  private static let permissions: [String: String] = [
    "GET /channels/{id}": "View Channel",
    "PATCH /channels/{id}": "Manage Channels",
    "DELETE /channels/{id}": "Manage Channels (for a thread: Manage Threads)",
    "GET /channels/{id}/messages": "View Channel and Read Message History",
    "GET /channels/{id}/messages/{id}": "View Channel and Read Message History",
    "POST /channels/{id}/messages":
      "View Channel and Send Messages (in a thread: Send Messages in Threads), with files also Attach Files, with "
      + "embeds Embed Links, as a reply Read Message History",
    "DELETE /channels/{id}/messages/{id}": "Manage Messages, since the message is another's",
    "POST /channels/{id}/messages/bulk-delete": "Manage Messages",
    "POST /channels/{id}/messages/{id}/crosspost": "Send Messages, for another's message Manage Messages",
    "PUT /channels/{id}/messages/{id}/reactions/{emoji}/@me":
      "Read Message History, and Add Reactions if nobody has reacted so yet",
    "DELETE /channels/{id}/messages/{id}/reactions/{emoji}/{id}": "Manage Messages",
    "DELETE /channels/{id}/messages/{id}/reactions": "Manage Messages",
    "DELETE /channels/{id}/messages/{id}/reactions/{emoji}": "Manage Messages",
    "PUT /channels/{id}/messages/pins/{id}": "Pin Messages",
    "PUT /channels/{id}/pins/{id}": "Pin Messages",
    "POST /channels/{id}/threads": "Create Public Threads or Create Private Threads",
    "POST /channels/{id}/messages/{id}/threads": "Create Public Threads",
    "POST /channels/{id}/invites": "Create Invite",
    "GET /channels/{id}/invites": "Manage Channels",
    "GET /channels/{id}/webhooks": "Manage Webhooks",
    "POST /channels/{id}/webhooks": "Manage Webhooks",
    "PUT /channels/{id}/permissions/{id}": "Manage Roles",
    "PATCH /guilds/{id}": "Manage Server",
    "GET /guilds/{id}/audit-logs": "View Audit Log",
    "GET /guilds/{id}/bans": "Ban Members",
    "PUT /guilds/{id}/bans/{id}": "Ban Members",
    "DELETE /guilds/{id}/bans/{id}": "Ban Members",
    "DELETE /guilds/{id}/members/{id}": "Kick Members",
    "PUT /guilds/{id}/members/{id}/roles/{id}": "Manage Roles, and a role above the one it gives",
    "DELETE /guilds/{id}/members/{id}/roles/{id}": "Manage Roles, and a role above the one it takes",
    "POST /guilds/{id}/channels": "Manage Channels",
    "POST /guilds/{id}/roles": "Manage Roles",
    "PATCH /guilds/{id}/roles/{id}": "Manage Roles, and a role above this one",
    "GET /guilds/{id}/invites": "Manage Server",
    "GET /guilds/{id}/webhooks": "Manage Webhooks",
    "POST /guilds/{id}/emojis": "Create Expressions",
    "POST /guilds/{id}/scheduled-events": "Create Events",
  ]
}
