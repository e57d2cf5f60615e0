internal import CChannel
internal import CEnvelope
internal import Channel
internal import PluginABI

extension Router {
  /// Reads, writes or removes a document that the host keeps for a plugin.
  func state(_ frame: Frame, from instance: Instance) throws {
    let caller = Caller(instance, token: frame.token)
    let (head, key, document) = try parse(frame, from: instance)
    do throws(Refusal) {
      try check(key, of: instance)
      switch Int32(frame.argument) {
      case WIRE_STATE_GET: read(key, for: caller)
      case WIRE_STATE_PUT where document.count > PROMETHEAN_STATE_MAX:
        throw Refusal(
          status: PROMETHEAN_INVALID,
          message: "state \(key.key): expected at most \(PROMETHEAN_STATE_MAX) bytes, found \(document.count)"
        )
      case WIRE_STATE_PUT:
        let expected = head.expected == .max ? nil : head.expected
        change(.put(key, document: document, expected: expected), for: caller)
      default: change(.remove(key), for: caller)
      }
    } catch {
      refuse(instance, token: frame.token, error)
    }
  }

  private func parse(_ frame: Frame, from instance: Instance) throws(Violation) -> (wire_state, StateKey, [UInt8]) {
    let size = MemoryLayout<wire_state>.size
    guard unsafe frame.body.count >= size, (WIRE_STATE_GET...WIRE_STATE_REMOVE).contains(Int32(frame.argument)) else {
      throw Violation(description: "it sent a malformed state frame")
    }
    let head = unsafe frame.body.loadUnaligned(as: wire_state.self)
    let lengths = [Int(head.provider), Int(head.tenant), Int(head.key), Int(head.document)]
    guard unsafe lengths.reduce(size, +) == frame.body.count else {
      throw Violation(description: "it sent a state frame whose lengths do not add up")
    }
    var offset = size
    var pieces: [[UInt8]] = []
    for length in lengths {
      pieces.append(unsafe [UInt8](frame.body[offset..<offset + length]))
      offset += length
    }
    let texts = pieces.prefix(3).map { String(decoding: $0, as: UTF8.self) }
    var key = StateKey(plugin: instance.plugin.id, provider: texts[0], tenant: texts[1], key: texts[2])
    key.draft = instance.draft
    return (head, key, pieces[3])
  }

  private func check(_ key: StateKey, of instance: Instance) throws(Refusal) {
    let decision = instance.policy.decide(.state, resource: "")
    guard decision.allowed else {
      throw Refusal(status: PROMETHEAN_DENIED, message: "state: \(decision.reason) (\(decision.location))")
    }
    guard (1...ENVELOPE_FIELD_MAX).contains(Int32(key.key.utf8.count)) else {
      throw Refusal(
        status: PROMETHEAN_INVALID,
        message: "state: expected a key of 1 to \(ENVELOPE_FIELD_MAX) bytes, found \(key.key.utf8.count)"
      )
    }
    // Both empty: a document of the plugin's own, for no tenant.
    guard key.provider.isEmpty && key.tenant.isEmpty || instance.serves(provider: key.provider, tenant: key.tenant)
    else {
      throw Refusal(
        status: PROMETHEAN_DENIED,
        message: "state \(key.key): \(key.provider)/\(key.tenant) is no tenant of \(instance.name)"
      )
    }
  }

  private func read(_ key: StateKey, for caller: Caller) {
    // What it may bring is what it costs.
    let cost = key.size + Int(PROMETHEAN_STATE_MAX)
    caller.charge(bytes: cost)
    journal.ask(.state(key)) { [weak self] result in
      caller.giveBack(bytes: cost)
      guard let self, caller.isListening else { return }
      switch result {
      case .success(.state(let document?)): give(document, to: caller)
      case .success:
        self.result(
          to: caller.instance,
          token: caller.token,
          status: PROMETHEAN_NOT_FOUND,
          text: "state \(key.key): there is none"
        )
      case .failure(let error):
        self.result(to: caller.instance, token: caller.token, status: PROMETHEAN_FAILED, text: error.description)
      }
    }
  }

  private func give(_ document: StateDocument, to caller: Caller) {
    stamp.clear()
    let version = FixedBytes(String(document.version))
    unsafe stamp[ENVELOPE_CONFIG_REV] = version.bytes
    stamp.head.flags = UInt8(PROMETHEAN_FLAG_RESPONSE)
    unsafe document.bytes.withUnsafeBytes { bytes in
      unsafe stamp.setPayload(bytes)
      unsafe send(
        caller.instance,
        op: WIRE_RESULT_ENVELOPE,
        argument: PROMETHEAN_OK,
        token: caller.token,
        stamp.compose()
      )
    }
  }

  private func change(_ change: StateChange, for caller: Caller) {
    let cost = change.size
    caller.charge(bytes: cost)
    caller.instance.countRecorded()
    journal.change(change) { [weak self] result in
      caller.giveBack(bytes: cost)
      guard let self, caller.isListening else { return }
      let (status, text): (Int32, String) =
        switch result {
        case .success(.stored), .success(.removed), .success(.settled): (PROMETHEAN_OK, "")
        case .success(.conflict(let version)):
          (PROMETHEAN_CONFLICT, "expected another version than \(version), which is there")
        case .failure(let error): (PROMETHEAN_FAILED, error.description)
        }
      self.result(to: caller.instance, token: caller.token, status: status, text: text)
    }
  }
}

extension StateKey {
  /// Bytes of its texts.
  fileprivate var size: Int { plugin.utf8.count + provider.utf8.count + tenant.utf8.count + key.utf8.count }
}

extension StateChange {
  /// Bytes that it holds until it is written.
  fileprivate var size: Int {
    switch self {
    case .put(let key, let document, _): key.size + document.count
    case .remove(let key): key.size
    case .keepDrafts, .dropDrafts: 0
    }
  }
}
