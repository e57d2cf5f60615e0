internal import CLinux
internal import Glibc

/// Which arguments a call passes with: written a second time, so that the filter's way of saying it can be checked.
struct ArgumentRule {
  /// The process that is filtered.
  let process: UInt32
  /// Whether it was granted a path to write to.
  let writes: Bool

  /// Whether a call passes, `nil` if its arguments do not matter.
  func passes(_ call: String, _ arguments: [UInt64]) -> Bool? {
    // The kernel looks at half of what is no pointer.
    let words = arguments.map { UInt32(truncatingIfNeeded: $0) }
    switch call {
    case "clone": return isThread(words[0])
    // PUNCH_HOLE | KEEP_SIZE
    case "fallocate": return [0, 3].contains(words[1])
    case "fcntl": return isControl(words[1], words[2])
    case "futex": return Self.futexes.contains(words[1] & ~Self.futexFlags)
    case "ioctl": return [0x541b, 0x5401].contains(words[1])
    case "madvise": return Self.advice.contains(words[2])
    case "membarrier": return [0, 8, 16].contains(words[0])
    case "mkdir": return !setsID(words[1])
    case "mkdirat": return !setsID(words[2])
    case "mmap": return isData(words[2]) || !isWritable(words[2]) && words[3] & UInt32(MAP_ANONYMOUS) == 0
    case "mprotect": return isData(words[2])
    case "open": return !makesFile(words[1]) || !setsID(words[2])
    case "openat": return !makesFile(words[2]) || !setsID(words[3])
    case "pipe2": return words[1] & ~UInt32(O_CLOEXEC | O_NONBLOCK) == 0
    case "prctl": return [UInt32(PR_SET_NAME), UInt32(PR_GET_NAME), UInt32(PR_GET_DUMPABLE)].contains(words[0])
    case "prlimit64": return [0, process].contains(words[0]) && arguments[2] == 0
    case "renameat2": return words[4] & ~3 == 0
    case "sendto": return arguments[4] == 0
    case "tgkill": return words[0] == process
    default: return nil
    }
  }

  /// VM, FS, FILES, SIGHAND, THREAD and SYSVSEM, whatever SETTLS, PARENT_SETTID, CHILD_CLEARTID and CHILD_SETTID.
  private func isThread(_ flags: UInt32) -> Bool {
    flags & ~(0x0008_0000 | 0x0010_0000 | 0x0020_0000 | 0x0100_0000)
      == 0x0000_0100 | 0x0000_0200 | 0x0000_0400 | 0x0000_0800 | 0x0001_0000 | 0x0004_0000
  }

  private func isControl(_ command: UInt32, _ flags: UInt32) -> Bool {
    switch Int32(bitPattern: command) {
    case F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC: true
    case F_SETFL: flags & UInt32(O_NONBLOCK | O_ASYNC | Self.direct | Self.noAccessTime) == UInt32(O_NONBLOCK)
    case F_GETLK, F_SETLK, F_SETLKW, Self.getOwnLock, Self.setOwnLock, Self.setOwnLockWaiting: writes
    default: false
    }
  }

  private func isData(_ protection: UInt32) -> Bool { protection & UInt32(PROT_EXEC) == 0 }
  private func isWritable(_ protection: UInt32) -> Bool { protection & UInt32(PROT_WRITE) != 0 }
  private func setsID(_ mode: UInt32) -> Bool { mode & (S_ISUID | S_ISGID) != 0 }
  private func makesFile(_ flags: UInt32) -> Bool { flags & UInt32(O_CREAT | Self.temporary) != 0 }

  // Numbers of the kernel's interface that Swift's Glibc does not carry.

  private static let direct: Int32 = 0o40000
  private static let noAccessTime: Int32 = 0o1000000
  private static let temporary: Int32 = 0o20000000
  private static let (getOwnLock, setOwnLock, setOwnLockWaiting): (Int32, Int32, Int32) = (36, 37, 38)
  /// PRIVATE and CLOCK_REALTIME.
  private static let futexFlags: UInt32 = 128 | 256
  /// WAIT, WAKE, WAKE_OP, LOCK_PI, UNLOCK_PI, TRYLOCK_PI, WAIT_BITSET, WAKE_BITSET, LOCK_PI2.
  private static let futexes: [UInt32] = [0, 1, 5, 6, 7, 8, 9, 10, 13]
  /// NORMAL, RANDOM, SEQUENTIAL, WILLNEED, DONTNEED, FREE, HUGEPAGE, NOHUGEPAGE, DONTDUMP, DODUMP, WIPEONFORK.
  private static let advice: [UInt32] = [0, 1, 2, 3, 4, 8, 14, 15, 16, 17, 18]
}
