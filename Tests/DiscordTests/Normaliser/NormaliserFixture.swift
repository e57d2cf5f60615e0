import Envelope
import Foundation
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
  let schema = try schema(envelope.intent)
  return faults(envelope.json, schema, in: schema, "$")
}

/// The parts of JSON Schema that our schemas use.
private func faults(_ value: JSON, _ rule: JSON, in schema: JSON, _ path: String) -> [String] {
  if let name = rule["$ref"]?.stringValue?.split(separator: "/").last, let rule = schema["$defs"]?[String(name)] {
    return faults(value, rule, in: schema, path)
  }
  var faults: [String] = []
  func check(_ condition: Bool, _ what: String) { if !condition { faults.append("\(path): \(what)") } }
  switch rule["type"]?.stringValue {
  case "object":
    check(value.objectValue != nil, "no object")
    for key in rule["required"]?.arrayValue ?? [] {
      check(value[key.stringValue ?? ""] != nil, "no \(key)")
    }
    for (key, member) in value.objectValue ?? [:] {
      guard let rule = rule["properties"]?[key] else {
        check(false, "\(key) is not in the schema")
        continue
      }
      faults += DiscordTests.faults(member, rule, in: schema, "\(path).\(key)")
    }
  case "array":
    check(value.arrayValue != nil, "no array")
    for element in value.arrayValue ?? [] {
      faults += DiscordTests.faults(element, rule["items"] ?? .null, in: schema, "\(path)[]")
    }
  case "integer":
    check(value.intValue != nil, "no integer")
    check(value.intValue ?? 0 >= rule["minimum"]?.intValue ?? .min, "too small")
  case "string":
    let text = value.stringValue ?? ""
    check(value.stringValue != nil, "no string")
    check(text.unicodeScalars.count >= rule["minLength"]?.intValue ?? 0, "too short")
    check(text.unicodeScalars.count <= rule["maxLength"]?.intValue ?? .max, "too long")
    if let pattern = rule["pattern"]?.stringValue, let regex = try? Regex(pattern) {
      check(text.contains(regex), "\(text) does not match")
    }
    if rule["format"] == "date-time" { check((try? Timestamp(text)) != nil, "\(text) is no time") }
  default: break
  }
  return faults
}

private func schema(_ name: String) throws -> JSON {
  let package = (0..<4).reduce(URL(filePath: #filePath)) { path, _ in path.deletingLastPathComponent() }
  return try JSON.parse([UInt8](Data(contentsOf: package.appending(path: "schemas/\(name).json"))))
}
