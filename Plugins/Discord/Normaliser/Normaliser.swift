internal import PluginKit

/// What makes envelopes of what Discord tells: canonical events, and the events as they came.
///
/// It is a value without any effect. Whoever has it publishes, logs problems, and looks up the channels that a verdict
/// asks for.
///
/// Identities derive from Discord's own, so that live, resumed, backfilled and retried copies are one:
/// - a message created or deleted is its id;
/// - an edit is the message's id, the time of the edit and a digest of what the message then is, since Discord tells of
///   other changes (a pin, a preview) with the time of the last edit;
/// - what has no such name (a reaction, which comes and goes; a change of a message that never was edited; an event as it
///   came) is the session, the shard and the number in it, which a resumption repeats.
struct Normaliser: Sendable {
  let account: Account
  let allow: AllowList
  let raw: RawEvents
  var places: Places
  /// The revision of the configuration, which each envelope bears.
  let configRev: String
  /// Those of the canonical events, which most envelopes bear.
  let headings: [String: Heading]
  /// What stands before a number in an identity, for each shard.
  private var sessions: [Int: String] = [:]

  init(account: Account, allow: AllowList, raw: RawEvents, places: Places = Places(), configRev: String = "") {
    (self.account, self.allow, self.raw, self.places) = (account, allow, raw, places)
    self.configRev = configRev
    headings = Dictionary(uniqueKeysWithValues: Heading.canonical.map { ($0, Heading($0, of: account)) })
  }

  /// Numbers of a shard are of this session from now on; to be told of one that is resumed, too.
  mutating func begin(shard: Int, session: String) {
    var digest = Digest()
    digest.add(session.utf8)
    sessions[shard] = "\(digest.text).\(shard)."
  }

  /// What becomes of an event; when it came stands for the times that Discord does not tell.
  mutating func normalise(_ dispatch: Dispatch, receivedAt: Timestamp) -> Normalised {
    let data: JSONView
    do { data = try dispatch.read() } catch { return unreadable(dispatch, error) }
    var reader = EventReader(event: dispatch.name, data: data)
    let subject = learn(&reader)
    var result = Normalised(verdict: verdict(subject, &reader))
    if result.verdict == .allowed {
      let occasion = Occasion(
        event: dispatch.name,
        number: number(of: dispatch),
        origin: .live,
        receivedAt: receivedAt,
        payload: EventRedaction.redacted(data)
      )
      if raw.contains(dispatch.name) { result.envelopes.reserveCapacity(2) }
      canonical(occasion, subject, &reader, into: &result)
      if raw.contains(dispatch.name) {
        result.envelopes.append(rawEvent(dispatch, occasion, subject, &result.omissions))
      }
    }
    result.problems = reader.problems
    return result
  }

  /// What becomes of a message that the REST API tells: the envelopes that it would have become live.
  ///
  /// One that was edited becomes an edit too, since the message as it was may have come live. The API does not tell the
  /// guild of a message: where a list asks for it, the place of its channel has to be known.
  mutating func recover(_ message: [UInt8], receivedAt: Timestamp) -> Normalised {
    let event = "message of the REST API"
    let data: JSONView
    do { data = try JSONView(message, in: message.indices, depth: 1) } catch {
      let problem = Problem(event: event, field: "", expected: "JSON", found: "\(error)")
      return Normalised(problems: [problem])
    }
    var reader = EventReader(event: event, data: data)
    let channel = reader.id(ifPresent: "channel_id")
    let subject = Subject(guild: channel.flatMap { places[$0]?.guild }, channel: channel)
    // Without a guild it need not be a direct message.
    let isReadable = allow.isOpen || reader.problems.isEmpty
    var result = Normalised(verdict: isReadable ? channel.map(allows(channel:)) ?? .allowed : .refused)
    if result.verdict == .allowed {
      let payload = EventRedaction.redacted(data)
      let occasion = Occasion(event: event, origin: .backfill, receivedAt: receivedAt, payload: payload)
      created(occasion, subject, &reader, into: &result)
      if let edited = data["edited_timestamp"], !edited.isNull { updated(occasion, subject, &reader, into: &result) }
    }
    result.problems = reader.problems
    return result
  }
}

extension Normaliser {
  /// What stands for an event that has no name of its own.
  func number(of dispatch: Dispatch) -> EventNumber {
    EventNumber(session: sessions[dispatch.shard] ?? "\(dispatch.shard).", sequence: dispatch.sequence)
  }
}

/// What an event is about.
struct Subject: Sendable {
  var guild: Snowflake?
  var channel: Snowflake?
}

/// An event's number, and the session and shard that it counts in; few events need it as text.
struct EventNumber: Sendable, CustomStringConvertible {
  let session: String
  let sequence: Int64

  var description: String { session + String(sequence) }
}

/// How an event came.
struct Occasion: Sendable {
  var event: String
  /// What stands for it where it has no name of its own; nil if it did not come over a gateway.
  var number: EventNumber?
  var origin: Envelope.Origin
  var receivedAt: Timestamp
  /// Its data as it may leave the plugin.
  var payload: ArraySlice<UInt8>

  /// The number as text; empty if there is none.
  var name: String { number?.description ?? "" }
}
