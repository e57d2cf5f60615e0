import Glibc
import Locking
import Testing

@testable import Host

/// What would keep the loop waiting is done beside it, one thing after the other.
@Suite struct WorkThreadTests {
  private final class Diary: Sendable {
    let entries = Locked<[(number: Int, thread: pthread_t, nice: Int32)]>([])
  }

  private static var nice: Int32 { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }

  @Test func `everything is done in order, on one thread that is as nice as it is to be, before it ends`() throws {
    let diary = Diary()
    let before = Self.nice
    let thread = try WorkThread("work", nice: 19)
    for number in 1...100 {
      thread.perform { diary.entries.withLock { $0.append((number, pthread_self(), Self.nice)) } }
    }
    thread.close()
    let entries = diary.entries.withLock { $0 }
    #expect(entries.map(\.number) == Array(1...100))
    #expect(Set(entries.map(\.thread)).count == 1)
    #expect(entries.allSatisfy { $0.nice == 19 })
    #expect(Self.nice == before, "only that thread is")
  }
}
