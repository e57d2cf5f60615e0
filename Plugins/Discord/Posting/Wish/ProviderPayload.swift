internal import PluginKit
internal import ProviderKit

/// What a wish says in Discord's own words: taken over as it is, where no field of the wish says the same.
struct ProviderPayload {
  /// Where a key goes.
  private enum Place {
    /// To every part, and to the last, which is where a reader expects what comes below the text.
    case every, last
  }

  /// What is taken over: of what kind it is, and where it goes.
  private static let taken: [String: (kind: String, fits: @Sendable (JSON) -> Bool, place: Place)] = [
    "tts": ("boolean", { $0.boolValue != nil }, .every),
    "flags": ("whole number", { $0.intValue != nil }, .every),
    "embeds": ("list", { $0.arrayValue != nil }, .last),
    "components": ("list", { $0.arrayValue != nil }, .last),
    "sticker_ids": ("list", { $0.arrayValue != nil }, .last),
    "poll": ("object", { $0.objectValue != nil }, .last),
  ]

  /// What is said elsewhere, and where.
  private static let elsewhere = [
    "content": "the wish says it in text",
    "message_reference": "the wish says it in in_reply_to",
    "attachments": "the wish says it in attachments",
    "nonce": "the plugin's own, so that nothing is posted twice",
    "enforce_nonce": "the plugin's own, so that nothing is posted twice",
  ]

  /// Flags that say how a message is shown, without previews of links or without sound; all others change what it is.
  private static let flagsMask: Int64 = 1 << 2 | 1 << 12

  private(set) var every: JSONObject = [:]
  private(set) var last: JSONObject = [:]
  private(set) var losses: [Loss] = []

  /// Reads what a wish says, with what the operator lets it notify.
  init(_ payload: JSON?, mentions: Set<AllowedMentions.Kind>) {
    let mentions = AllowedMentions(payload?["allowed_mentions"], allowed: mentions)
    every["allowed_mentions"] = .object(mentions.json)
    losses = mentions.losses
    guard let payload, !payload.isNull else { return }
    guard let members = payload.objectValue else {
      losses.append(Loss("provider_payload", "expected an object"))
      return
    }
    for (key, value) in members where key != "allowed_mentions" && !value.isNull { take(key, value) }
  }

  /// Whether it makes a message without text or file.
  var isContent: Bool { !last.isEmpty }

  private mutating func take(_ key: String, _ value: JSON) {
    guard let (kind, fits, place) = Self.taken[key] else {
      return lose(key, Self.elsewhere[key] ?? "not taken over; \(Self.taken.keys.sorted().joined(separator: ", ")) are")
    }
    guard fits(value) else { return lose(key, "expected \(kind)") }
    if value.arrayValue?.isEmpty == true { return }
    switch place {
    case .every: every[key] = key == "flags" ? flags(value) : value
    case .last: last[key] = value
    }
  }

  private mutating func flags(_ value: JSON) -> JSON {
    let wanted = value.intValue ?? 0
    if wanted & ~Self.flagsMask != 0 {
      lose(
        "flags",
        "expected of \(Self.flagsMask) (4 no previews, 4096 no sound), found \(wanted): the others are left out"
      )
    }
    return .int(wanted & Self.flagsMask)
  }

  private mutating func lose(_ key: String, _ reason: String) {
    losses.append(Loss("provider_payload.\(key)", reason))
  }
}
