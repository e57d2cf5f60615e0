internal import CEnvelope
internal import Envelope
internal import PluginABI

extension Router {
  /// Records looked at per page: a window's worth in four.
  static let pageLimit = 256

  // MARK: - What was recorded

  /// Takes the journal's word on the oldest appends.
  func recorded(_ result: Result<[JournalOutcome.Append], JournalError>, count: Int) {
    for index in 0..<count {
      guard let append = appends.removeFirst() else { return }
      switch result {
      case .success(let outcomes): recorded(append, outcomes[index])
      case .failure(let error):
        tell(append, .failure(RequestFailure(status: PROMETHEAN_FAILED, message: error.description)))
      }
    }
  }

  private func recorded(_ append: AppendQueue.Append, _ outcome: JournalOutcome.Append) {
    switch outcome {
    case .duplicate: tellDuplicate(append)
    case .recorded(let sequence):
      metrics.journal.appended.add()
      metrics.journal.appendedBytes.add(UInt64(append.bytes.count))
      // What brings envelopes in may never be delivered any.
      if case .instance(let caller) = append.publisher, caller.isListening { caller.instance.hasWorked = true }
      tell(append, .success(sequence))
      unsafe append.bytes.withUnsafeBytes { bytes in
        let envelope = unsafe RecordedEnvelope(bytes)
        guard let route = try? unsafe route(of: envelope[ENVELOPE_TOPIC]) else { return }
        offer(append.bytes, at: sequence, on: route, key: unsafe keyHash(envelope[ENVELOPE_KEY]))
        if route.isTapped { unsafe tap(bytes, topic: route.topic.description) }
      }
      head = max(head, sequence)
    }
  }

  /// Puts a record into the window of each consumer that has seen all before it; the others read it from the journal in
  /// their time.
  private func offer(_ bytes: [UInt8], at sequence: Int64, on route: Route, key: UInt64) {
    for consumer in consumers where consumer.isCurrent(head) {
      if route.consumers.contains(consumer.number) {
        guard consumer.queue.hasRoom else { continue }
        consumer.queue.offer(sequence: sequence, bytes: bytes, key: key)
        consumer.needsDispatch = true
      } else if route.formerConsumers.contains(consumer.number) {
        guard consumer.queue.hasRoom else { continue }
        consumer.queue.offer(sequence: sequence, bytes: bytes, key: key)
        consumer.queue.keep(sequence)
      } else {
        consumer.queue.pass(to: sequence)
      }
      consumer.needsProgress = true
    }
  }

  /// A copy is as good as the first for whoever publishes; one who asks would wait for an answer that went to the
  /// first.
  private func tellDuplicate(_ append: AppendQueue.Append) {
    metrics.journal.duplicates.add()
    guard case .request = append.publisher else { return tell(append, .success(nil)) }
    let message = "an envelope with this id was sent before; a request of its own needs an id of its own"
    tell(append, .failure(RequestFailure(status: PROMETHEAN_CONFLICT, message: message)))
  }

  /// Tells whoever published how it ended.
  private func tell(_ append: AppendQueue.Append, _ result: Result<Int64?, RequestFailure>) {
    append.debtor?.giveBack(bytes: append.bytes.count)
    switch append.publisher {
    case .client(let hear): hear(result)
    case .request(let id, _):
      if case .failure(let failure) = result, let request = pending.remove(id) {
        fail(request, failure.status, failure.message)
      }
    case .instance(let caller):
      guard caller.isListening else { return }
      let (instance, token) = (caller.instance, caller.token)
      switch result {
      case .success: self.result(to: instance, token: token, status: PROMETHEAN_OK)
      case .failure(let failure): self.result(to: instance, token: token, status: failure.status, text: failure.message)
      }
    }
  }

  // MARK: - Reading on

  /// Asks for the next page for a consumer whose window has room, unless it has seen everything.
  func fill(_ consumer: Consumer) {
    guard !consumer.isSilent, !consumer.isPaging, consumer.queue.hasRoom, consumer.queue.position < head else { return }
    consumer.isPaging = true
    let after = consumer.queue.position
    journal.ask(.page(after: after, limit: Self.pageLimit, consumer: consumer.record)) { [weak self] result in
      self?.filled(consumer, result)
    }
  }

  private func filled(_ consumer: Consumer, _ result: Result<JournalReply, JournalError>) {
    consumer.isPaging = false
    switch result {
    case .success(.page(let page)):
      for record in page.records { offer(record, to: consumer) }
      consumer.queue.pass(to: page.through)
      consumer.needsProgress = true
      consumer.needsDispatch = true
    case .success: preconditionFailure("a page is answered by a page")
    case .failure(let error):
      log.error("no page of the journal for \(consumer.name): \(error)", plugin: consumer.plugin)
    }
  }

  private func offer(_ record: JournalPage.Record, to consumer: Consumer) {
    unsafe record.envelope.withUnsafeBytes { bytes in
      let envelope = unsafe RecordedEnvelope(bytes)
      guard let route = try? unsafe route(of: envelope[ENVELOPE_TOPIC]) else { return }
      let isFormer = route.formerConsumers.contains(consumer.number)
      guard isFormer || route.consumers.contains(consumer.number) else { return }
      consumer.queue.offer(
        sequence: record.sequence,
        bytes: record.envelope,
        key: unsafe keyHash(envelope[ENVELOPE_KEY])
      )
      if isFormer { consumer.queue.keep(record.sequence) }
    }
  }

  /// Has every consumer's progress recorded again: what was said of it while the journal failed is lost.
  func repeatProgress() {
    for consumer in consumers { consumer.needsProgress = true }
  }

  /// Puts what a consumer and its members have before them on the metrics.
  func showProgress(of consumer: Consumer) {
    for member in consumer.members {
      member.metrics.lag.set(Double(lag(of: consumer)))
      member.metrics.residentMemory.set(Double(member.residentBytes))
      member.metrics.inFlight.set(Double(member.deliveries.count))
      member.metrics.queueDepth.set(Double(consumer.waiting.count + consumer.queue.count))
    }
  }

  /// Has a consumer's progress recorded, if there is any.
  ///
  /// What is lost with the host is delivered again.
  func recordProgress(of consumer: Consumer) {
    guard consumer.needsProgress else { return }
    consumer.needsProgress = false
    journal.progress(ConsumerProgress(consumer: consumer.record, settled: consumer.queue.settled))
  }
}
