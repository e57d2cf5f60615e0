internal import PluginABI

/// The loop's end of the journal: it gathers what one pass wants written, and hands answers to those who asked.
///
/// It belongs to the loop's thread.
package final class JournalLink {
  /// What hears an answer, on the loop's thread.
  package typealias Reply = (Result<JournalReply, JournalError>) -> Void

  private let thread: JournalThread
  private var batch = JournalBatch()
  private var unwritten = JournalBatch()
  /// The dead letters of commits that are on their way, by the number of the commit.
  private var burying: [UInt64: [DeliveryFailure]] = [:]
  private var lastCommit: UInt64 = 0
  /// Who asked for the states in the batch, in their order.
  private var stateReplies: [StateReply] = []
  private var replies: [UInt64: Reply] = [:]
  private var lastToken: UInt64 = 0
  /// Hears how the appends of a commit ended, in the order in which they were asked for.
  package var onAppends: (Result<[JournalOutcome.Append], JournalError>, _ count: Int) -> Void = { _, _ in }
  /// Hears of each commit: nil if it was written, else why it failed as a whole.
  package var onCommit: (JournalError?) -> Void = { _ in }

  package typealias StateReply = (Result<JournalOutcome.State, JournalError>) -> Void

  package init(_ thread: JournalThread) {
    self.thread = thread
  }

  /// Entries that the journal has not answered.
  package var backlog: Int { thread.backlog + batch.count }

  // MARK: - Asking

  func append(_ envelope: [UInt8], digest: DedupeDigest?) {
    batch.appends.append(JournalAppend(digest: digest, envelope: envelope))
    flushIfFull()
  }

  func progress(_ progress: ConsumerProgress) {
    batch.progress.append(progress)
  }

  func note(_ failure: DeliveryFailure) {
    batch.failures.append(failure)
  }

  func bury(_ failure: DeliveryFailure) {
    batch.deadLetters.append(failure)
  }

  func change(_ state: StateChange, _ reply: @escaping StateReply) {
    batch.states.append(state)
    stateReplies.append(reply)
  }

  /// Has the drafts of documents kept, if their generation has come to be, or dropped.
  func settleDrafts(_ change: StateChange) {
    self.change(change) { _ in }
  }

  /// Asks for anything that is not a commit; what was asked for before is written first.
  package func ask(_ command: JournalCommand, _ reply: @escaping Reply) {
    flush()
    post(command, reply)
  }

  /// Hands what was gathered to the journal.
  package func flush() {
    guard batch.count > 0 else { return }
    let (sent, states) = (batch, stateReplies)
    batch = JournalBatch()
    stateReplies = []
    lastCommit += 1
    let commit = lastCommit
    if !sent.deadLetters.isEmpty { burying[commit] = sent.deadLetters }
    post(.commit(sent)) { [weak self] result in
      self?.burying[commit] = nil
      self?.committed(result, sent, states: states)
    }
  }

  /// The oldest record that a dead letter is still to be made of; it must not be trimmed.
  package var unburied: Int64? {
    (burying.values.joined() + unwritten.deadLetters + batch.deadLetters).map(\.sequence).min()
  }

  /// Tries again to write what is nobody's to repeat: dead letters, failures and settled drafts of a commit that came to
  /// nothing.
  ///
  /// Publishers are told that theirs failed, and progress is written whole the next time.
  package func repeatUnwritten() {
    // Ahead of what has come since, which knows of more attempts.
    batch.failures = unwritten.failures + batch.failures
    batch.deadLetters = unwritten.deadLetters + batch.deadLetters
    batch.states = unwritten.states + batch.states
    stateReplies = unwritten.states.map { _ in { _ in } } + stateReplies
    unwritten = JournalBatch()
  }

  private func flushIfFull() {
    if batch.count >= JournalThread.groupLimit { flush() }
  }

  private func post(_ command: JournalCommand, _ reply: @escaping Reply) {
    lastToken += 1
    replies[lastToken] = reply
    guard thread.post(command, token: lastToken) else {
      replies[lastToken] = nil
      return reply(.failure(JournalError(.unavailable, "journal: it is closed")))
    }
  }

  // MARK: - Hearing

  /// Takes answers that the journal's thread has posted.
  package func receive(_ answers: [JournalAnswer]) {
    for answer in answers { replies.removeValue(forKey: answer.token)?(answer.result) }
  }

  private func committed(_ result: Result<JournalReply, JournalError>, _ sent: JournalBatch, states: [StateReply]) {
    let appends = sent.appends.count
    switch result {
    case .success(.committed(let outcome)):
      onCommit(nil)
      onAppends(.success(outcome.appends), appends)
      for (reply, state) in zip(states, outcome.states) { reply(.success(state)) }
    case .success: preconditionFailure("a commit is answered by its outcome")
    case .failure(let error):
      unwritten.failures += sent.failures
      unwritten.deadLetters += sent.deadLetters
      unwritten.states += sent.states.filter(\.settlesDrafts)
      onCommit(error)
      onAppends(.failure(error), appends)
      for reply in states { reply(.failure(error)) }
    }
  }
}
