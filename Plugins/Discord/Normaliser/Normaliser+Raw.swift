internal import PluginKit

extension Normaliser {
  /// An event as it came, without what is secret in it: `{"shard":0,"sequence":12,"event":"MESSAGE_CREATE","data":{…}}`.
  ///
  /// Its key is the guild, or else the channel, or else the shard: what follows the state of a guild needs the order of
  /// all its events.
  func rawEvent(_ dispatch: Dispatch, _ occasion: Occasion, _ subject: Subject, _ omissions: inout Int) -> Envelope {
    var line = rawLine(dispatch, occasion.payload.count) { line in line.set("data", raw: occasion.payload) }
    if line.bytes.count > Envelope.payloadMax {
      omissions += 1
      line = rawLine(dispatch) { line in line.omitted("omitted", occasion.payload.count) }
    }
    let key = subject.guild.map(account.guild) ?? subject.channel.map(account.space) ?? account.shard(dispatch.shard)
    return rawEnvelope(dispatch, key: key, line)
  }

  /// What becomes of an event whose data is no JSON: a copy without them that says so.
  func unreadable(_ dispatch: Dispatch, _ error: JSONError) -> Normalised {
    var problem = Problem(dispatch.name, "", expected: "JSON", found: nil)
    problem.found = "\(error)"
    var result = Normalised(problems: [problem])
    // Whose it is, nobody knows.
    guard allow.isOpen else {
      result.verdict = .refused
      return result
    }
    guard raw.contains(dispatch.name) else { return result }
    result.omissions = 1
    let line = rawLine(dispatch) { line in line.omitted("omitted", dispatch.data.count) }
    result.envelopes = [rawEnvelope(dispatch, key: account.shard(dispatch.shard), line)]
    return result
  }

  private func rawLine(
    _ dispatch: Dispatch,
    _ size: Int = 0,
    _ data: (inout JSONLine) -> Void
  ) -> JSONLine {
    /// What stands around the data.
    let around = 160
    var line = JSONLine(capacity: around + size)
    line.object { line in
      line.set("shard", Int64(dispatch.shard))
      line.set("sequence", dispatch.sequence)
      line.set("event", String(dispatch.name.prefix(RawEvents.nameMax)))
      data(&line)
    }
    return line
  }

  private func rawEnvelope(_ dispatch: Dispatch, key: String, _ line: JSONLine) -> Envelope {
    let name = RawEvents.token(dispatch.name)
    let heading = Heading(name, of: account)
    var envelope = Envelope(topic: heading.topic, intent: name, payload: line.bytes)
    envelope.id = heading.identity(.text(number(of: dispatch).description))
    envelope.key = key
    envelope.configRev = configRev
    return envelope
  }
}

extension JSONLine {
  /// Says that a value of so many bytes was left out.
  mutating func omitted(_ key: StaticString, _ size: Int) {
    self.key(key)
    object { line in line.set("bytes", Int64(size)) }
  }
}
