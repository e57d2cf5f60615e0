internal import CChannel
internal import CLinux
internal import Channel
internal import Envelope
internal import Glibc
internal import PluginABI

extension Router {
  /// Connections that one instance may be waiting for: each costs a thread.
  static let openDialsLimit = 16

  /// Has the host connect to where an instance wants to, if its grants cover that.
  func dial(_ frame: Frame, from instance: Instance) throws(Violation) {
    let size = MemoryLayout<UInt16>.size
    guard unsafe frame.body.count > size, (PROMETHEAN_DIAL_TCP...PROMETHEAN_DIAL_UDP).contains(Int32(frame.argument))
    else { throw Violation(description: "it sent a malformed dial frame") }
    let port = unsafe frame.body.loadUnaligned(as: UInt16.self)
    let host = unsafe String(decoding: frame.body[size...], as: UTF8.self)
    let scheme = Int32(frame.argument) == PROMETHEAN_DIAL_UDP ? "udp://" : ""
    let caller = Caller(instance, token: frame.token)
    do throws(Refusal) {
      let target = try check("\(scheme)\(host):\(port)", of: instance)
      guard instance.openDials < Self.openDialsLimit else {
        throw Refusal(
          status: PROMETHEAN_UNAVAILABLE,
          message: "dial \(target.endpoint): \(Self.openDialsLimit) are under way already"
        )
      }
      instance.openDials += 1
      dial(target, for: caller)
    } catch {
      refuse(instance, token: frame.token, error)
    }
  }

  private func check(_ text: String, of instance: Instance) throws(Refusal) -> Dialer.Target {
    let decision = instance.policy.decide(.netDial, resource: text)
    guard decision.allowed, let endpoint = try? Endpoint(text), let port = endpoint.port,
      case .one(let host) = endpoint.host
    else {
      throw Refusal(status: PROMETHEAN_DENIED, message: "dial \(text): \(decision.reason) (\(decision.location))")
    }
    let isGrantedByName = instance.policy.resources(of: .netDial).contains { resource in
      guard case .endpoint(let granted) = resource else { return false }
      return granted.host == endpoint.host && granted.covers(endpoint)
    }
    return Dialer.Target(endpoint: endpoint, host: host, port: port, isGrantedByName: isGrantedByName)
  }

  private func dial(_ target: Dialer.Target, for caller: Caller) {
    lastDial += 1
    let (number, answered) = (lastDial, onDialled)
    do throws(HostError) {
      let thread = try dialer.dial(target) { answered(number, $0) }
      dials[number] = Dial(caller: caller, target: target, thread: thread)
    } catch {
      caller.instance.openDials -= 1
      refuse(caller.instance, token: caller.token, Refusal(status: PROMETHEAN_UNAVAILABLE, message: error.description))
    }
  }

  /// Hands a connection to the instance that asked for it, if that is still there.
  package func dialled(_ number: UInt64, _ result: Result<Dialer.Connection, Dialer.Failure>) {
    guard let dial = dials.removeValue(forKey: number) else { return }
    // It is ending: this is the last that it did.
    dial.thread.join()
    let instance = dial.caller.instance
    defer { if case .success(let connection) = result { close(connection.descriptor) } }
    guard dial.caller.isListening else { return }
    instance.openDials -= 1
    switch result {
    case .success(let connection): hand(connection, to: dial.caller, for: dial.target)
    case .failure(let failure):
      refuse(
        instance,
        token: dial.caller.token,
        Refusal(status: failure.status, message: "dial \(failure.description)")
      )
    }
  }

  private func hand(_ connection: Dialer.Connection, to caller: Caller, for target: Dialer.Target) {
    let message = ControlMessage(kind: UInt32(WIRE_DIALED), token: caller.token, body: Array(connection.address.utf8))
    do throws(RunnerError) {
      try caller.instance.process?.sendControl(message, descriptor: connection.descriptor)
      log.info(
        "dialled",
        ["endpoint": .string("\(target.endpoint)"), "address": .string(connection.address)],
        plugin: caller.instance.plugin.id,
        instance: caller.instance.name
      )
    } catch {
      let refusal = Refusal(status: PROMETHEAN_FAILED, message: "dial \(target.endpoint): \(error)")
      refuse(caller.instance, token: caller.token, refusal)
    }
  }
}

/// A connection that is being made.
struct Dial {
  let caller: Caller
  let target: Dialer.Target
  let thread: BackgroundThread
}
