internal import CLinux
internal import Glibc

/// The lock that keeps a second host from running the same deployment; the kernel lets go of it however the first one
/// ends.
struct HostLock: ~Copyable {
  let descriptor: Int32

  /// Takes the lock.
  init(path: String) throws(HostError) {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw HostError(call: "open", path: path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw HostError("a host runs this deployment already: \(path) is locked")
    }
    // Only now: once it is set a throw runs `deinit`, which would close the number again, and who has it by then loses it.
    self.descriptor = descriptor
  }

  deinit {
    // A process that is being spawned just now has a copy until its program is there, and closing one of two lets go of
    // nothing.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}
