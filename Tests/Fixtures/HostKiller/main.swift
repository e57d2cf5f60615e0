// A host that kills, at some step of a change, the first being 1, itself or the runner that it started last, of what is
// to come: HostKiller PLUGINS_YML LIBRARIES RUNNER host|runner STEP
//
// Steps count once there is a file `armed` beside plugins.yml. Each is said on standard output.

import Glibc
import Host
import Locking

let arguments = CommandLine.arguments
guard arguments.count == 6, let last = Int(arguments[5]) else {
  fatalError("expected PLUGINS_YML LIBRARIES RUNNER host|runner STEP")
}
let killsItself = arguments[4] == "host"
let armed = arguments[1].split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/armed"

/// The loop's.
let loop = pthread_self()

/// The processes that this one has started, the last one last.
@Sendable func runners() -> [pid_t] {
  guard let tasks = unsafe opendir("/proc/self/task") else { return [] }
  defer { unsafe closedir(tasks) }
  var found: [pid_t] = []
  while let entry = unsafe readdir(tasks) {
    let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
      unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
    }
    let file = unsafe open("/proc/self/task/\(name)/children", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { continue }
    defer { close(file) }
    var text = [UInt8](repeating: 0, count: 4096)
    let count = unsafe read(file, &text, text.count)
    found += String(decoding: text.prefix(max(0, count)), as: UTF8.self).split(separator: " ").compactMap { pid_t($0) }
  }
  return found.sorted()
}

/// Kills the runner of what is to come, if it is there beside the one that serves.
///
/// On a thread beside the loop's it waits until the loop has taken note.
@Sendable func killSuccessor() {
  let running = runners()
  guard running.count > 1, let victim = running.last else { return }
  kill(victim, SIGKILL)
  guard pthread_equal(pthread_self(), loop) == 0 else { return }
  while kill(victim, 0) == 0 { poll(nil, 0, 1) }
}

let steps = Locked(0)
/// Whether what is to come has become what serves.
let isRecorded = Locked(false)
var options = HostOptions(deployment: arguments[1], searchPath: [arguments[2]], runner: arguments[3])
options.onStep = { [killsItself, armed, last] name in
  guard unsafe access(armed, F_OK) == 0 else { return }
  let step = steps.withLock { count in
    count += 1
    return count
  }
  print("step \(step): \(name)")
  fflush(nil)
  if name == "recorded" { isRecorded.withLock { $0 = true } }
  guard step == last else { return }
  if killsItself { kill(getpid(), SIGKILL) }
  if !isRecorded.withLock({ $0 }) { killSuccessor() }
}
exit(try HostProcess(options: options).run())
