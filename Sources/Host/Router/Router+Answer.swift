internal import CChannel
internal import CEnvelope
internal import Envelope
internal import PluginABI

extension Router {
  /// Gives a requester the response that `stamp` holds.
  func answer(_ request: PendingRequests.Request, from instance: Instance, status: Int32) {
    guard status == PROMETHEAN_OK else {
      return fail(request, status, redactor.redact(unsafe Self.words(of: [UInt8](stamp.payload))), by: instance)
    }
    let topic = FixedBytes(request.topic)
    guard let route = unsafe try? route(of: topic.bytes) else { return }
    stamp.keepAnswer()
    let bytes = unsafe composeAnswer(to: request, on: route, from: instance, flags: PROMETHEAN_FLAG_RESPONSE)
    if route.isTapped { unsafe tap(bytes, topic: request.topic) }
    switch request.requester {
    case .instance(let caller):
      guard caller.isListening else { return }
      caller.instance.credit.endRequest()
      unsafe send(caller.instance, op: WIRE_RESULT_ENVELOPE, argument: status, token: caller.token, bytes)
    case .client(let hear):
      hear(
        Result { unsafe try Envelope(binary: unsafe bytes) }.mapError {
          RequestFailure(status: PROMETHEAN_FAILED, message: "\($0)")
        }
      )
    }
  }

  /// What an error response says: its `message`, or the whole payload where that has none.
  private static func words(of payload: [UInt8]) -> String {
    (try? JSON.parse(payload))?["message"]?.stringValue ?? String(decoding: payload, as: UTF8.self)
  }

  /// Answers a request with an error, the host's own or that of an instance.
  func fail(
    _ request: PendingRequests.Request,
    _ status: Int32,
    _ message: String,
    by instance: Instance? = nil
  ) {
    let failure = RequestFailure(status: status, message: Self.bounded(message))
    if !taps.isEmpty { tap(failure, of: request, by: instance) }
    switch request.requester {
    case .instance(let caller):
      guard caller.isListening else { return }
      caller.instance.credit.endRequest()
      result(to: caller.instance, token: caller.token, status: status, text: failure.message)
    case .client(let hear): hear(.failure(failure))
    }
  }

  /// Shows an error to those who watch its topic; the requester gets it as a status and a text.
  private func tap(_ failure: RequestFailure, of request: PendingRequests.Request, by instance: Instance?) {
    let topic = FixedBytes(request.topic)
    guard let route = unsafe try? route(of: topic.bytes), route.isTapped else { return }
    let payload = JSON.object(["status": .string(failure.code), "message": .string(failure.message)]).bytes()
    stamp.clear()
    unsafe payload.withUnsafeBytes { payload in
      unsafe stamp.setPayload(payload)
      let flags = PROMETHEAN_FLAG_RESPONSE | PROMETHEAN_FLAG_ERROR
      unsafe tap(composeAnswer(to: request, on: route, from: instance, flags: flags), topic: request.topic)
    }
  }

  /// What stands as the sender of an error that the host answers with.
  private static let source = FixedBytes("host")

  /// Stamps what `stamp` holds as the answer to a request.
  private func composeAnswer(
    to request: PendingRequests.Request,
    on route: Route,
    from instance: Instance?,
    flags: Int32
  ) -> UnsafeRawBufferPointer {
    let intent = FixedBytes(request.intent)
    let trace = FixedBytes(request.trace)
    let correlation = FixedBytes(request.correlation)
    unsafe stamp[ENVELOPE_TOPIC] = route.text.bytes
    unsafe stamp[ENVELOPE_SRC] = (instance?.src ?? Self.source).bytes
    unsafe stamp[ENVELOPE_PROVIDER] = route.provider.bytes
    unsafe stamp[ENVELOPE_TENANT] = route.tenant.bytes
    if unsafe stamp[ENVELOPE_INTENT].isEmpty { unsafe stamp[ENVELOPE_INTENT] = intent.bytes }
    unsafe stamp[ENVELOPE_ID] = names.nextID()
    unsafe stamp[ENVELOPE_CORR] = correlation.bytes
    unsafe stamp[ENVELOPE_TRACE] = trace.bytes
    if let instance, let identity = unsafe HopTable.identity(of: trace.bytes) {
      stamp.head.hops = hops.next(trace: identity, from: instance.number)
    }
    stamp.head.ts = HostClock.realtime
    stamp.head.attempt = 1
    stamp.head.flags = UInt8(flags)
    return unsafe stamp.compose()
  }
}
