internal import CEnvelope
internal import Envelope

extension Router {
  /// The consumer of a name, if there is, or was, one.
  func consumer(named name: String) -> Consumer? { consumers.first { $0.name == name } }

  /// Adds a consumer that hears nothing so far.
  func addSilent(_ plan: ConsumerPlan, _ record: ConsumerRecord) {
    add(ConsumerPlan(name: plan.name, plugin: plan.plugin, patterns: [], members: []), record)
    consumers.last?.isSilent = true
  }

  /// Has a consumer subscribe to what a configuration says, and to no more of what its members have said than that
  /// grants.
  ///
  /// What waits for it and is none of that any more is not delivered; it is kept if this may yet be taken back.
  ///
  /// - Parameters:
  ///   - consumer: Which.
  ///   - patterns: What its configuration says.
  ///   - member: One of those that have that configuration.
  ///   - keepsFormer: Whether what it has subscribed to so far is kept for it, until it is called again.
  func resubscribe(_ consumer: Consumer, to patterns: [TopicPattern], by member: Instance, keepsFormer: Bool = false) {
    consumer.isSilent = false
    consumer.replacePatterns(patterns, keepsFormer: keepsFormer)
    trie.remove(consumer.number)
    for pattern in patterns + consumer.former { trie.insert(consumer.number, under: pattern) }
    for text in consumer.remembered { subscribeAgain(consumer, to: text, by: member) }
    routes.removeAll()
    let unwanted = consumer.queue.waiting { bytes in
      !consumer.subscribes(to: unsafe bytes.withUnsafeBytes { unsafe RecordedEnvelope($0).text(ENVELOPE_TOPIC) })
    }
    consumer.queue.giveKept()
    for sequence in unwanted {
      if keepsFormer { consumer.queue.keep(sequence) } else { conclude(sequence, of: consumer) }
    }
    consumer.needsDispatch = true
  }

  /// Has a consumer hear what an instance subscribed to before it served.
  func subscribeHeld(of instance: Instance) {
    let consumer = consumers[instance.consumer]
    for text in instance.heldSubscriptions where !consumer.remembered.contains(text) {
      consumer.remembered.append(text)
      journal.ask(.remember(pattern: text, consumer: consumer.record)) { _ in }
      subscribeAgain(consumer, to: text, by: instance)
    }
    instance.heldSubscriptions = []
  }

  /// Has a consumer hear nothing any more; the journal remembers how far it has come.
  func silence(_ consumer: Consumer) {
    recordProgress(of: consumer)
    consumer.isSilent = true
    consumer.replacePatterns([])
    trie.remove(consumer.number)
    routes.removeAll()
  }
}
