import Glibc
import TestSupport
import Testing

@testable import Host

/// The lock that one host has.
@Suite struct HostLockTests {
  @Test func `a second one is refused, and there is room again when the first is let go`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("host.lock")
    let lock = try HostLock(path: path)
    // As a process has it that is being spawned.
    let copy = dup(lock.descriptor)
    defer { close(copy) }
    #expect(throws: HostError.self) { _ = try HostLock(path: path) }
    _ = consume lock
    _ = try HostLock(path: path)
  }
}
