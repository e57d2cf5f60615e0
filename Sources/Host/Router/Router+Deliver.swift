internal import CChannel
internal import CEnvelope
internal import Envelope
internal import Channel
internal import Glibc
internal import PluginABI

extension Router {
  // MARK: - Giving out

  /// Gives a consumer's members what waits for them and they have room for.
  func dispatch(_ consumer: Consumer) {
    consumer.needsDispatch = false
    giveWaiting(of: consumer)
    guard consumer.queue.hasWaiting else { return fill(consumer) }
    var members: [DurableQueue.Member] = []
    for member in consumer.members where member.isTaking {
      members.append(
        DurableQueue.Member(id: member.number, load: member.deliveries.count, limit: member.capacity)
      )
    }
    guard !members.isEmpty else { return }
    var expired: [Int64] = []
    let realtime = HostClock.realtime
    consumer.queue.dispatch(now: HostClock.monotonic, to: &members) { entry, number in
      guard !isExpired(entry, at: realtime) else {
        expired.append(entry.sequence)
        return true
      }
      guard let member = instance(numbered: number) else { return false }
      return deliver(entry, of: consumer, to: member)
    }
    for sequence in expired { expire(sequence, of: consumer) }
    fill(consumer)
  }

  /// Whether its sender has given it up: nobody wants its effect any more.
  private func isExpired(_ entry: DurableQueue.Entry, at realtime: Int64) -> Bool {
    let deadline = unsafe entry.bytes.withUnsafeBytes { unsafe RecordedEnvelope($0).head.deadline }
    return deadline != 0 && deadline < realtime
  }

  private func expire(_ sequence: Int64, of consumer: Consumer) {
    conclude(sequence, of: consumer)
    consumer.members.first?.metrics.discarded(.expired).add()
    log.warn(
      "an envelope's deadline passed before it could be delivered",
      ["sequence": .int(sequence)],
      plugin: consumer.plugin
    )
  }

  /// Writes a recorded envelope into an instance's ring; false if it has no room.
  private func deliver(_ entry: DurableQueue.Entry, of consumer: Consumer, to instance: Instance) -> Bool {
    guard instance.outbox.isEmpty, let channel = instance.process?.channel else { return false }
    return unsafe entry.bytes.withUnsafeBytes { bytes in
      let envelope = unsafe RecordedEnvelope(bytes)
      let now = HostClock.monotonic
      let token = instance.deliveries.add(
        DeliveryTable.Delivery(
          consumer: consumer.number,
          sequence: entry.sequence,
          request: envelope.isRequest ? pending.id(of: envelope.text(ENVELOPE_CORR), for: consumer.number) : nil,
          since: now,
          due: instance.due(from: now)
        )
      )
      var head = unsafe bytes.loadUnaligned(as: envelope_head.self)
      head.attempt = entry.failures + 1
      let handle = replyHandle(for: envelope, to: instance)
      let sent: Channel.SendResult?
      if let handle {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[envelope.end(of: ENVELOPE_REPLY)...])
        sent = unsafe envelope.front(head, reply: handle).withUnsafeBytes {
          unsafe write(to: channel, of: instance, op: WIRE_DELIVER, token: token, $0, rest)
        }
      } else {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[Int(ENVELOPE_HEAD_SIZE)...])
        sent = unsafe withUnsafeBytes(of: head) {
          unsafe write(to: channel, of: instance, op: WIRE_DELIVER, token: token, $0, rest)
        }
      }
      guard case .sent? = sent else {
        _ = instance.deliveries.remove(token)
        guard case .full? = sent else { return false }
        channel.flush()
        if channel.awaitRoom(for: bytes.count) { consumer.needsDispatch = true }
        instance.awaitsRoom = true
        return false
      }
      if let trace = unsafe HopTable.identity(of: envelope[ENVELOPE_TRACE]) {
        hops.delivered(trace: trace, to: instance.number, hops: head.hops)
      }
      instance.countReceived(bytes: bytes.count)
      return true
    }
  }

  /// Gives a request that is not recorded to a member, or has it wait for one.
  func give(_ request: Consumer.WaitingRequest, to consumer: Consumer) {
    guard consumer.waiting.isEmpty, tryToGive(request, to: consumer) else {
      if consumer.waiting.count >= Consumer.waitingLimit { forgetUnwanted(of: consumer) }
      guard consumer.waiting.count < Consumer.waitingLimit else {
        guard let refused = pending.remove(request.id) else { return }
        return fail(
          refused,
          PROMETHEAN_UNAVAILABLE,
          "\(Consumer.waitingLimit) requests wait for \(consumer.plugin) already"
        )
      }
      consumer.waiting.append(request)
      return
    }
  }

  /// Lets go of waiting requests that were answered meanwhile, as at their deadline.
  func forgetUnwanted(of consumer: Consumer) {
    if !consumer.waiting.isEmpty { consumer.waiting.removeAll { !pending.contains($0.id) } }
  }

  private func giveWaiting(of consumer: Consumer) {
    var given = 0
    for request in consumer.waiting {
      guard tryToGive(request, to: consumer) else { break }
      given += 1
    }
    consumer.waiting.removeFirst(given)
  }

  private func tryToGive(_ request: Consumer.WaitingRequest, to consumer: Consumer) -> Bool {
    guard let member = consumer.member(for: request.key, isRequest: true),
      member.deliveries.count < member.capacity
    else { return false }
    // Its requester may have been answered, at the deadline, while it waited.
    guard pending.contains(request.id) else { return true }
    let now = HostClock.monotonic
    let token = member.deliveries.add(
      DeliveryTable.Delivery(
        consumer: consumer.number,
        sequence: nil,
        request: request.id,
        since: now,
        due: member.due(from: now)
      )
    )
    if member.probation == .open { member.trial = request }
    unsafe request.bytes.withUnsafeBytes { bytes in
      let envelope = unsafe RecordedEnvelope(bytes)
      if let trace = unsafe HopTable.identity(of: envelope[ENVELOPE_TRACE]) {
        hops.delivered(trace: trace, to: member.number, hops: envelope.head.hops)
      }
      unsafe send(member, op: WIRE_DELIVER, token: token, bytes)
    }
    member.countReceived(bytes: request.bytes.count)
    return true
  }

  // MARK: - Writing into rings

  /// Sends a frame, now or when the ring has room; only one that is droppable is ever lost, and that is counted.
  func send(
    _ instance: Instance,
    op: Int32,
    argument: Int32 = 0,
    token: UInt64,
    _ bytes: UnsafeRawBufferPointer,
    isDroppable: Bool = false
  ) {
    guard let channel = instance.process?.channel else { return }
    if instance.outbox.isEmpty {
      let sent = unsafe write(to: channel, of: instance, op: op, argument: argument, token: token, bytes)
      // Sent, or the instance is being ended and hears nothing any more.
      guard case .full? = sent else { return }
    }
    let frame = Outbox.Frame(
      op: UInt16(op),
      argument: Int16(argument),
      token: token,
      bytes: unsafe [UInt8](bytes),
      isDroppable: isDroppable
    )
    if instance.outbox.append(frame) { instance.drop() }
    channel.flush()
    // Nobody rings for room that is there by now; the next pass tries again anyway.
    _ = channel.awaitRoom(for: bytes.count)
  }

  /// Sends what waited for room.
  func empty(_ instance: Instance) {
    guard let channel = instance.process?.channel else { return instance.outbox.removeAll() }
    while let frame = instance.outbox.next {
      let sent = unsafe frame.bytes.withUnsafeBytes {
        unsafe write(
          to: channel,
          of: instance,
          op: Int32(frame.op),
          argument: Int32(frame.argument),
          token: frame.token,
          $0
        )
      }
      switch sent {
      case .sent?: instance.outbox.removeFirst()
      case .full?:
        channel.flush()
        guard channel.awaitRoom(for: frame.bytes.count) else { return }
      case nil: return instance.outbox.removeAll()
      }
    }
  }

  /// Writes a frame; nil when the channel is broken, and the instance is being ended for it.
  private func write(
    to channel: Channel,
    of instance: Instance,
    op: Int32,
    argument: Int32 = 0,
    token: UInt64,
    _ first: UnsafeRawBufferPointer,
    _ second: UnsafeRawBufferPointer = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
  ) -> Channel.SendResult? {
    do throws(ChannelError) {
      let result = try unsafe channel.send(op: UInt16(op), argument: Int16(argument), token: token, first, second)
      if case .sent = result { instance.needsFlush = true }
      return result
    } catch {
      onViolation(instance, error.description)
      return nil
    }
  }

  /// The longest text that goes to a plugin or into the journal, in bytes: what another plugin said may be of any
  /// length.
  private static let textLimit = 4096

  /// A text, or the beginning of one that is too long.
  static func bounded(_ text: String) -> String {
    text.utf8.count <= textLimit ? text : String(decoding: text.utf8.prefix(textLimit), as: UTF8.self) + "…"
  }

  /// Tells an instance how something that it began under a token ended.
  func result(to instance: Instance, token: UInt64, status: Int32, text: String = "") {
    guard token != 0 else { return }
    var text = Self.bounded(text)
    text.withUTF8 {
      unsafe send(instance, op: WIRE_RESULT, argument: status, token: token, UnsafeRawBufferPointer($0))
    }
  }
}

/// A well-formed envelope of the host's own in the binary layout, looked at where it lies.
@safe
struct RecordedEnvelope {
  let head: envelope_head
  private let bytes: UnsafeRawBufferPointer

  /// Looks at bytes that the host has composed or checked.
  @unsafe
  init(_ bytes: UnsafeRawBufferPointer) {
    head = unsafe bytes.loadUnaligned(as: envelope_head.self)
    unsafe self.bytes = bytes
  }

  var isRequest: Bool { Int32(head.flags) & PROMETHEAN_FLAG_REQUEST != 0 }

  /// One of the text fields, ENVELOPE_….
  subscript(field: Int32) -> UnsafeRawBufferPointer {
    var offset = Int(ENVELOPE_HEAD_SIZE)
    return unsafe withUnsafeBytes(of: head.length) { lengths in
      let lengths = unsafe lengths.assumingMemoryBound(to: UInt16.self)
      for index in 0..<Int(field) { offset += Int(unsafe lengths[index]) }
      return unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(lengths[Int(field)])])
    }
  }

  /// Where a text field ends.
  func end(of field: Int32) -> Int {
    unsafe withUnsafeBytes(of: head.length) { lengths in
      let lengths = unsafe lengths.assumingMemoryBound(to: UInt16.self)
      return unsafe lengths[...Int(field)].reduce(Int(ENVELOPE_HEAD_SIZE)) { $0 + Int($1) }
    }
  }

  /// The envelope up to and with its reply field, which is given another content.
  func front(_ head: envelope_head, reply: String) -> [UInt8] {
    var head = head
    let was = unsafe self[ENVELOPE_REPLY].count
    head.size = UInt32(Int(head.size) - was + reply.utf8.count)
    unsafe withUnsafeMutableBytes(of: &head.length) { lengths in
      unsafe lengths.assumingMemoryBound(to: UInt16.self)[Int(ENVELOPE_REPLY)] = UInt16(reply.utf8.count)
    }
    let texts = unsafe bytes[Int(ENVELOPE_HEAD_SIZE)..<end(of: ENVELOPE_REPLY) - was]
    return unsafe withUnsafeBytes(of: head) { unsafe Array($0) } + texts + Array(reply.utf8)
  }

  /// One of the text fields, copied.
  func text(_ field: Int32) -> String {
    unsafe String(decoding: self[field], as: UTF8.self)
  }
}
