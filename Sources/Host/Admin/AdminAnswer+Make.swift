internal import Envelope
internal import PluginABI

extension AdminAnswer {
  /// The end of a request to a plugin.
  init(_ result: Result<Envelope, RequestFailure>) {
    switch result {
    case .success(let envelope): self = .ok(["envelope": envelope.cloudEvent])
    case .failure(let failure): self = .error(code: failure.code, message: failure.message)
    }
  }

  /// The end of a publish.
  init(_ result: Result<Int64?, RequestFailure>) {
    switch result {
    case .success(let sequence): self = .ok(["sequence": sequence.map { .int($0) } ?? .null])
    case .failure(let failure): self = .error(code: failure.code, message: failure.message)
    }
  }

  /// An envelope that was seen on its way.
  init(tapped bytes: [UInt8]) {
    do throws(EnvelopeError) {
      self = .live(["envelope": try Envelope(binary: bytes).cloudEvent])
    } catch {
      self = .live(["error": .string("\(error)")])
    }
  }
}

extension RequestFailure {
  /// The word for the status on the admin socket.
  var code: String {
    switch status {
    case PROMETHEAN_DENIED: "denied"
    case PROMETHEAN_INVALID: "invalid"
    case PROMETHEAN_TIMEOUT: "timeout"
    case PROMETHEAN_UNAVAILABLE: "unavailable"
    case PROMETHEAN_NOT_FOUND: "not_found"
    case PROMETHEAN_CANCELLED: "cancelled"
    case PROMETHEAN_CONFLICT: "conflict"
    default: "failed"
    }
  }
}

extension DeadLetter {
  /// What a list shows of it.
  var summary: JSON {
    let envelope = try? Envelope(binary: self.envelope)
    return [
      "id": .int(id), "consumer": .string(consumerName),
      "plugin": .string(consumerName.prefix { $0 != "@" }.description), "attempts": .int(Int64(attempts)),
      "reason": .string(reason),
      "time": .string(Timestamp(nanoseconds: died).description), "topic": .string(envelope?.topic ?? ""),
      "intent": .string(envelope?.intent ?? ""), "envelope_id": .string(envelope?.id ?? ""),
    ]
  }

  /// All of it.
  var whole: JSON {
    var whole = summary.objectValue ?? [:]
    whole["envelope"] = (try? Envelope(binary: envelope))?.cloudEvent ?? .null
    return .object(whole)
  }
}
