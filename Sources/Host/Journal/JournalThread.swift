internal import CLinux
internal import Glibc
internal import Locking

/// The thread that owns the journal, so that the host's loop never waits for the disk.
///
/// Commands wait in a mailbox. The thread takes all that is there, writes every batch among them in one transaction,
/// and then does the rest in order; so a read sees what was posted before it, and a commit carries as many envelopes as
/// came while the last one was on its way to the disk. Callers bound the mailbox: they look at `backlog` and push back
/// on those who publish.
package final class JournalThread: Sendable {
  /// How many entries of batches one transaction takes at most, so that an answer is never far away.
  package static let groupLimit = 4_096

  private struct Mailbox {
    var commands: [(token: UInt64, command: JournalCommand)] = []
    /// Entries posted and not answered yet.
    var backlog = 0
    var isIdle = false
    var isClosing = false
  }

  private let mailbox = Locked(Mailbox())
  /// An eventfd that wakes the thread when it is idle.
  private let bell: Int32
  private let answer: @Sendable ([JournalAnswer]) -> Void
  private let thread = Locked<BackgroundThread?>(nil)

  /// Starts the thread, which calls `answer` after each transaction, and after each command that is none.
  package init(
    _ journal: sending Journal,
    answer: @escaping @Sendable ([JournalAnswer]) -> Void
  ) throws(JournalError) {
    bell = eventfd(0, Int32(EFD_CLOEXEC))
    guard bell >= 0 else { throw JournalError(.unavailable, "journal: no descriptor for its thread, errno \(errno)") }
    self.answer = answer
    let work = Work(owner: self, journal: journal)
    do throws(HostError) {
      let started = try BackgroundThread("journal") { work.run() }
      thread.withLock { $0 = started }
    } catch {
      Glibc.close(bell)
      throw JournalError(.unavailable, "journal: \(error)")
    }
  }

  /// Asks for something, from any thread.
  ///
  /// The answer comes under `token`. False: the journal is closing, and no answer comes.
  @discardableResult
  package func post(_ command: JournalCommand, token: UInt64) -> Bool {
    let (accepted, wake) = mailbox.withLock { mailbox in
      guard !mailbox.isClosing else { return (false, false) }
      mailbox.commands.append((token, command))
      mailbox.backlog += command.entries
      defer { mailbox.isIdle = false }
      return (true, mailbox.isIdle)
    }
    if wake { ring() }
    return accepted
  }

  /// How many entries wait for their answer: those of a batch each count, and any other command counts as one.
  package var backlog: Int {
    mailbox.withLock { $0.backlog }
  }

  /// Answers all that was posted, checkpoints, closes, and returns when the thread is gone.
  ///
  /// Not to be called from `answer`, which the thread itself runs.
  package func close() {
    mailbox.withLock { $0.isClosing = true }
    ring()
    guard let running = thread.withLock({ $0.take() }) else { return }
    running.join()
    Glibc.close(bell)
  }

  private func ring() {
    eventfd_write(bell, 1)
  }

  /// Waits until there is something to do and takes it all; false: the journal is to be closed.
  fileprivate func take(_ commands: inout [Posted]) -> Bool {
    commands.removeAll(keepingCapacity: true)
    while true {
      let isClosing = mailbox.withLock { mailbox in
        swap(&mailbox.commands, &commands)
        mailbox.isIdle = commands.isEmpty
        return mailbox.isClosing
      }
      if !commands.isEmpty { return true }
      if isClosing { return false }
      var rings: eventfd_t = 0
      unsafe eventfd_read(bell, &rings)
    }
  }

  fileprivate func give(_ answers: [JournalAnswer], entries: Int) {
    mailbox.withLock { $0.backlog -= entries }
    answer(answers)
  }
}

/// A command and what it was posted under.
private typealias Posted = (token: UInt64, command: JournalCommand)

/// What runs on the thread.
private final class Work: @unchecked Sendable {
  // The journal is handed over by whoever makes this, and from then on is the thread's alone.
  private let owner: JournalThread
  private let journal: Journal

  init(owner: JournalThread, journal: sending Journal) {
    self.owner = owner
    self.journal = journal
  }

  func run() {
    var commands: [Posted] = []
    while owner.take(&commands) {
      commit(commands)
      perform(commands)
      // When all have their answers; what a checkpoint cannot do now, the next one does, and nothing depends on it.
      try? journal.checkpointIfLong()
    }
    // As above, save that next time is the next start.
    try? journal.checkpoint()
  }

  /// Writes the batches among the commands, as many in one transaction as `groupLimit` allows.
  private func commit(_ commands: [Posted]) {
    var group: [(token: UInt64, batch: JournalBatch)] = []
    var entries = 0
    for posted in commands {
      guard case .commit(let batch) = posted.command else { continue }
      group.append((posted.token, batch))
      entries += posted.command.entries
      if entries >= JournalThread.groupLimit { commit(&group, &entries) }
    }
    if !group.isEmpty { commit(&group, &entries) }
  }

  private func commit(_ group: inout [(token: UInt64, batch: JournalBatch)], _ entries: inout Int) {
    var answers: [JournalAnswer] = []
    do throws(JournalError) {
      for (member, outcome) in zip(group, try journal.commit(group.map(\.batch))) {
        answers.append(JournalAnswer(token: member.token, result: .success(.committed(outcome))))
      }
    } catch {
      answers = group.map { JournalAnswer(token: $0.token, result: .failure(error)) }
    }
    owner.give(answers, entries: entries)
    group.removeAll(keepingCapacity: true)
    entries = 0
  }

  private func perform(_ commands: [Posted]) {
    for (token, command) in commands {
      if case .commit = command { continue }
      let result = Result { () throws(JournalError) in try journal.perform(command) }
      owner.give([JournalAnswer(token: token, result: result)], entries: command.entries)
    }
  }
}

extension JournalCommand {
  /// What the command counts for in the backlog.
  fileprivate var entries: Int {
    if case .commit(let batch) = self { return max(batch.count, 1) }
    return 1
  }
}
