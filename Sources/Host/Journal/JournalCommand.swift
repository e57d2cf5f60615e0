/// What the journal's thread can be asked for.
package enum JournalCommand: Sendable {
  /// Write a batch. Those that wait together are written in one transaction.
  case commit(JournalBatch)
  case consumer(name: String, fromStart: Bool)
  case consumers
  case removeConsumer(Int64)
  /// Remember a pattern of a consumer's.
  case remember(pattern: String, consumer: Int64)
  case page(after: Int64, limit: Int, consumer: Int64)
  case deadLetters(after: Int64, limit: Int, consumers: [Int64]?)
  case deadLetter(Int64)
  case deadLetterIDs(consumers: [Int64])
  case replay(deadLetter: Int64)
  case deleteDeadLetter(Int64)
  case state(StateKey)
  case trim(below: Int64, olderThan: Int64)
  case statistics
  /// Do one step of erasing somebody, or of looking for what there is of them.
  case erase(Person, from: ErasurePlace, isDry: Bool)
}

/// What the journal answers, command by command.
package enum JournalReply: Sendable, Hashable {
  case committed(JournalOutcome)
  case consumer(ConsumerRecord)
  case consumers([ConsumerRecord])
  case removed
  case remembered
  case page(JournalPage)
  case deadLetters([DeadLetter])
  case deadLetter(DeadLetter?)
  case deadLetterIDs([Int64])
  /// The sequence under which the dead letter was recorded again; nil: there was none of that id.
  case replayed(Int64?)
  case deleted(Bool)
  case state(StateDocument?)
  case trimmed(Int)
  case statistics(JournalStatistics)
  case erased(ErasureFindings)
}

/// The answer to one command.
package struct JournalAnswer: Sendable {
  /// What the command was posted under.
  package let token: UInt64
  package let result: Result<JournalReply, JournalError>
}

extension Journal {
  /// Does anything but a commit, whose commands are done together.
  func perform(_ command: JournalCommand) throws(JournalError) -> JournalReply {
    switch command {
    case .commit(let batch): .committed(try commit(batch))
    case .consumer(let name, let fromStart): .consumer(try consumer(named: name, fromStart: fromStart))
    case .consumers: .consumers(try consumers())
    case .removeConsumer(let id): try removed(id)
    case .remember(let pattern, let consumer): try remembered(pattern, consumer)
    case .page(let after, let limit, let consumer): .page(try page(after: after, limit: limit, consumer: consumer))
    case .deadLetters(let after, let limit, let consumers):
      .deadLetters(try deadLetters(after: after, limit: limit, consumers: consumers))
    case .deadLetter(let id): .deadLetter(try deadLetter(id))
    case .deadLetterIDs(let consumers): .deadLetterIDs(try deadLetterIDs(of: consumers))
    case .replay(let id): .replayed(try replay(deadLetter: id))
    case .deleteDeadLetter(let id): .deleted(try delete(deadLetter: id))
    case .state(let key): .state(try state(key))
    case .trim(let below, let olderThan): .trimmed(try trim(below: below, olderThan: olderThan))
    case .statistics: .statistics(try statistics())
    case .erase(let person, let place, let isDry): .erased(try erase(person, from: place, isDry: isDry))
    }
  }

  private func removed(_ consumer: Int64) throws(JournalError) -> JournalReply {
    try remove(consumer: consumer)
    return .removed
  }

  private func remembered(_ pattern: String, _ consumer: Int64) throws(JournalError) -> JournalReply {
    try remember(pattern, of: consumer)
    return .remembered
  }
}
