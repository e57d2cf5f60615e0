internal import Envelope
internal import PluginABI

/// How a delivery is settled.
enum Settlement: Int32 {
  case ack = 0
  case retry = 1
  case release = 2
  case reject = 3
}

/// Where a state document lies.
struct StateKey {
  var provider: String
  var tenant: String
  var name: String
}

/// One thing that an instance says to its host, kept until the host has room for it; indirect, since an envelope is large
/// to copy.
indirect enum HostCall {
  case publish(Envelope, token: UInt64)
  case request(Envelope, token: UInt64)
  case subscribe(String, token: UInt64)
  case getState(StateKey, token: UInt64)
  case putState(StateKey, expected: UInt64, [UInt8], token: UInt64)
  case removeState(StateKey, token: UInt64)
  case dial(Connection.Network, host: String, port: UInt16, token: UInt64)
  case settle(delivery: UInt64, Settlement, reason: String)
  case respond(delivery: UInt64, Envelope)

  /// What the completion of this call is known by; nil for those that have none.
  var token: UInt64? {
    switch self {
    case .publish(_, let token), .request(_, let token), .subscribe(_, let token), .getState(_, let token),
      .putState(_, _, _, let token), .removeState(_, let token), .dial(_, _, _, let token):
      token
    case .settle, .respond: nil
    }
  }

  /// What is asked for, as an error message names it.
  var description: String {
    switch self {
    case .publish(let envelope, _): "publish on \(envelope.topic)"
    case .request(let envelope, _): "request on \(envelope.topic)"
    case .subscribe(let pattern, _): "subscribe to \(pattern)"
    case .getState(let key, _): "read of state \(key.name)"
    case .putState(let key, _, _, _): "write of state \(key.name)"
    case .removeState(let key, _): "removal of state \(key.name)"
    case .dial(_, let host, let port, _): "dial of \(host):\(port)"
    case .settle: "settle"
    case .respond: "respond"
    }
  }
}

extension HostHandle {
  /// Publishes [main].
  func publish(_ envelope: Envelope, token: UInt64) -> promethean_status {
    guard let publishing else { return PROMETHEAN_DENIED }
    return unsafe envelope.withView { unsafe publishing.publish(table.context, $0, token) }
  }

  /// Makes one call [main].
  func perform(_ call: HostCall) -> promethean_status {
    let context = unsafe table.context
    switch call {
    case .publish(let envelope, let token): return publish(envelope, token: token)
    case .request(let envelope, let token):
      guard let requesting else { return PROMETHEAN_DENIED }
      return unsafe envelope.withView { unsafe requesting.request(context, $0, token) }
    case .subscribe(let pattern, let token):
      guard let subscribing else { return PROMETHEAN_DENIED }
      return unsafe withBytes(pattern) { unsafe subscribing.subscribe(context, $0, token) }
    case .settle(let delivery, let how, let reason):
      guard let subscribing else { return PROMETHEAN_DENIED }
      return unsafe withBytes(reason) { unsafe subscribing.settle(context, delivery, how.rawValue, $0) }
    case .respond(let delivery, let envelope):
      guard let subscribing else { return PROMETHEAN_DENIED }
      return unsafe envelope.withView(flags: envelope.flags) { unsafe subscribing.respond(context, delivery, $0) }
    case .getState(let key, let token):
      guard let state else { return PROMETHEAN_DENIED }
      return unsafe key.withBytes { unsafe state.get(context, $0, $1, $2, token) }
    case .putState(let key, let expected, let document, let token):
      guard let state else { return PROMETHEAN_DENIED }
      return unsafe key.withBytes { provider, tenant, name in
        unsafe PluginKit.withBytes(document) {
          unsafe state.put(context, provider, tenant, name, expected, $0, token)
        }
      }
    case .removeState(let key, let token):
      guard let state else { return PROMETHEAN_DENIED }
      return unsafe key.withBytes { unsafe state.remove(context, $0, $1, $2, token) }
    case .dial(let network, let host, let port, let token):
      guard let dialing else { return PROMETHEAN_DENIED }
      return unsafe withBytes(host) { unsafe dialing.dial(context, network.rawValue, $0, port, token) }
    }
  }
}

extension StateKey {
  /// Lends the three parts to a call.
  fileprivate func withBytes<Result>(_ body: (promethean_bytes, promethean_bytes, promethean_bytes) -> Result) -> Result
  {
    unsafe PluginKit.withBytes(provider) { provider in
      unsafe PluginKit.withBytes(tenant) { tenant in
        unsafe PluginKit.withBytes(name) { unsafe body(provider, tenant, $0) }
      }
    }
  }
}
