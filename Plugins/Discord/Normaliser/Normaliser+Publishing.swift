internal import PluginKit

extension Normaliser {
  /// Adds a canonical event: its own members, then those that all have.
  ///
  /// `name` is the same in every copy of it.
  func publish(
    _ intent: String,
    _ name: EventName,
    of channel: Snowflake,
    _ occasion: Occasion,
    _ reader: inout EventReader,
    into result: inout Normalised,
    _ members: (inout JSONLine) -> Void
  ) {
    /// What stands around the provider's payload, as most messages have it.
    let around = 640
    var line = JSONLine(capacity: min(around + occasion.payload.count, Envelope.payloadMax))
    let space = account.space(channel)
    line.object { line in
      members(&line)
      line.set("space_urn", space)
      line.set("provider", account.provider)
      line.set("tenant", account.tenant)
      if !occasion.payload.isEmpty, !line.fit("provider_payload", occasion.payload) { result.omissions += 1 }
    }
    guard line.bytes.count <= Envelope.payloadMax else {
      return reader.report("", expected: "what fits an envelope of \(Envelope.payloadMax) bytes", found: reader.data)
    }
    let heading = headings[intent] ?? Heading(intent, of: account)
    result.envelopes.append(envelope(intent, heading, heading.identity(name), in: space, occasion.origin, line))
  }

  private func envelope(
    _ intent: String,
    _ heading: Heading,
    _ id: String,
    in space: String,
    _ origin: Envelope.Origin,
    _ line: JSONLine
  ) -> Envelope {
    var envelope = Envelope(topic: heading.topic, intent: intent, payload: line.bytes)
    envelope.id = id
    envelope.key = space
    envelope.configRev = configRev
    envelope.origin = origin
    return envelope
  }
}

extension JSONLine {
  /// Appends the last member if an envelope has room for it, or else `{"omitted":{"bytes":N}}`; returns which it was.
  fileprivate mutating func fit(_ key: StaticString, _ json: ArraySlice<UInt8>) -> Bool {
    // A comma, the key in quotes, a colon, and the end of the object.
    let size = bytes.count + key.utf8CodeUnitCount + 5 + json.count
    guard size > Envelope.payloadMax else {
      set(key, raw: json)
      return true
    }
    self.key(key)
    object { line in line.omitted("omitted", json.count) }
    return false
  }
}
