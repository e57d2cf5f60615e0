import Envelope
import TestSupport
import Testing

@testable import Discord

/// When events of these tests come: before whatever Discord's clock says in them.
let receivedAt = Timestamp(nanoseconds: 1_600_000_000_000_000_000)

extension Normaliser {
  static func test(guilds: [String]? = nil, channels: [String]? = nil, raw: [String] = []) throws -> Normaliser {
    var normaliser = Normaliser(
      account: Account(provider: "discord", tenant: "demo"),
      allow: try AllowList(guilds: guilds, channels: channels),
      raw: try RawEvents(raw)
    )
    normaliser.begin(shard: 0, session: "s1")
    return normaliser
  }

  mutating func take(_ name: String, _ data: String, sequence: Int64 = 12) -> Normalised {
    normalise(Dispatch.test(name, data, sequence: sequence), receivedAt: receivedAt)
  }

  /// What stands before the number of an event in an identity.
  static let session: String = {
    var digest = Digest()
    digest.add("s1".utf8)
    return "\(digest.text).0."
  }()
}

extension Dispatch {
  /// An event as it comes over the gateway.
  static func test(_ name: String, _ data: String, sequence: Int64 = 12) -> Dispatch {
    let head = Array(#"{"t":"\#(name)","s":\#(sequence),"op":0,"d":"#.utf8)
    let message = head + Array(data.utf8) + Array("}".utf8)
    return Dispatch(
      name: name,
      shard: 0,
      sequence: sequence,
      isReplayed: false,
      message: message,
      data: head.count..<message.count - 1
    )
  }
}

extension Envelope {
  var json: JSON { (try? JSON.parse(payload)) ?? .null }

  /// The payload without what only Discord has.
  var canonical: JSON {
    guard var object = json.objectValue else { return .null }
    object["provider_payload"] = nil
    return .object(object)
  }

  var text: String { String(decoding: payload, as: UTF8.self) }
}

/// What is wrong with a canonical event by the schema of its intent and by the type that reads it.
func faults(_ envelope: Envelope) throws -> [String] {
  let types: [String: any CanonicalPayload.Type] = [
    SocialMessageCreated.intent: SocialMessageCreated.self, SocialMessageUpdated.intent: SocialMessageUpdated.self,
    SocialMessageDeleted.intent: SocialMessageDeleted.self, SocialReactionAdded.intent: SocialReactionAdded.self,
    SocialReactionRemoved.intent: SocialReactionRemoved.self, SocialTyping.intent: SocialTyping.self,
  ]
  guard let type = types[envelope.intent] else { return ["no canonical intent: \(envelope.intent)"] }
  _ = try Topic(envelope.topic)
  _ = try envelope.binary()
  let payload = try type.init(json: JSON.parse(envelope.payload))
  guard payload.json == envelope.json else { return ["read as \(payload.json)"] }
  return try JSONSchema(envelope.intent).faults(in: envelope.json)
}
