internal import PluginABI

/// The loop's end of the journal: it gathers what one pass wants written, and hands answers to those who asked.
///
/// It belongs to the loop's thread.
package final class JournalLink {
  /// What hears an answer, on the loop's thread.
  package typealias Reply = (Result<JournalReply, JournalError>) -> Void

  private let thread: JournalThread
  private var batch = JournalBatch()
  /// Who asked for the states in the batch, in their order.
  private var stateReplies: [StateReply] = []
  private var replies: [UInt64: Reply] = [:]
  private var lastToken: UInt64 = 0
  /// Hears how the appends of a commit ended, in the order in which they were asked for.
  package var onAppends: (Result<[JournalOutcome.Append], JournalError>, _ count: Int) -> Void = { _, _ in }
  /// Hears of a commit that failed as a whole.
  package var onFailure: (JournalError) -> Void = { _ in }

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

  func failed(_ failure: DeliveryFailure) {
    batch.failures.append(failure)
  }

  func bury(_ failure: DeliveryFailure) {
    batch.deadLetters.append(failure)
  }

  func change(_ state: StateChange, _ reply: @escaping StateReply) {
    batch.states.append(state)
    stateReplies.append(reply)
  }

  /// Asks for anything that is not a commit; what was asked for before is written first.
  package func ask(_ command: JournalCommand, _ reply: @escaping Reply) {
    flush()
    post(command, reply)
  }

  /// Hands what was gathered to the journal.
  package func flush() {
    guard batch.count > 0 else { return }
    let appends = batch.appends.count
    let states = stateReplies
    post(.commit(batch)) { [weak self] result in self?.committed(result, appends: appends, states: states) }
    batch = JournalBatch()
    stateReplies = []
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

  private func committed(_ result: Result<JournalReply, JournalError>, appends: Int, states: [StateReply]) {
    switch result {
    case .success(.committed(let outcome)):
      onAppends(.success(outcome.appends), appends)
      for (reply, state) in zip(states, outcome.states) { reply(.success(state)) }
    case .success: preconditionFailure("a commit is answered by its outcome")
    case .failure(let error):
      onFailure(error)
      onAppends(.failure(error), appends)
      for reply in states { reply(.failure(error)) }
    }
  }
}
