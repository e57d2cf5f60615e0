// A Swift plugin that keeps the concurrency runtime busy for a second and a half: Dispatch, actors, tasks, timers,
// descriptors, locks.

import Dispatch
import Glibc
import PluginABI
import Synchronization

actor Counter {
  private(set) var count = 0

  func add(_ number: Int) { count += number }
}

let total = Mutex(0)
nonisolated(unsafe) var host: UnsafePointer<promethean_host>?

func bytes(_ text: StaticString) -> promethean_bytes {
  promethean_bytes(data: text.utf8Start, size: UInt64(text.utf8CodeUnitCount))
}

func say(_ text: String) {
  guard let host = host?.pointee, let table = host.extension(host.context, bytes("promethean.log/1")) else { return }
  var text = text
  text.withUTF8 { line in
    let log = table.assumingMemoryBound(to: promethean_log_v1.self).pointee
    log.write(host.context, 9, promethean_bytes(data: line.baseAddress, size: UInt64(line.count)), bytes(""))
  }
}

/// What libdispatch does, and ends the process if it cannot.
func ownState() -> String {
  let file = open("/proc/\(gettid())/stat", O_RDONLY)
  guard file >= 0 else { return "errno \(errno)" }
  defer { close(file) }
  var line = [UInt8](repeating: 0, count: 256)
  let count = read(file, &line, line.count)
  let text = String(decoding: line[..<max(0, count)], as: UTF8.self)
  return text.split(separator: ")").last.map { String($0.prefix(2)) } ?? "nothing"
}

@_silgen_name("gettid") func gettid() -> Int32

func spin(_ microseconds: Int) {
  let end = DispatchTime.now() + .microseconds(microseconds)
  while DispatchTime.now() < end {}
}

func load() async {
  let counter = Counter()
  let queue = DispatchQueue(label: "load", attributes: .concurrent)
  let timer = DispatchSource.makeTimerSource(queue: queue)
  timer.schedule(deadline: .now(), repeating: .milliseconds(5))
  timer.setEventHandler { total.withLock { $0 += 1 } }
  timer.resume()
  let end = ContinuousClock.now + .milliseconds(1500)
  await withTaskGroup(of: Void.self) { group in
    for worker in 0..<16 {
      group.addTask {
        while ContinuousClock.now < end {
          for _ in 0..<20 { queue.async { spin(200) } }
          await counter.add(worker)
          try? await Task.sleep(for: .milliseconds(20))
          spin(2000)
        }
      }
    }
  }
  timer.cancel()
  queue.sync(flags: .barrier) {}
  let count = await counter.count
  say("load done: \(count > 0 && total.withLock { $0 } > 0), thread is\(ownState())")
}

/// The table of this plugin.
@c(promethean_plugin_entry_v1)
public func entry() -> UnsafePointer<promethean_plugin>? { UnsafePointer(table) }

nonisolated(unsafe) let table: UnsafeMutablePointer<promethean_plugin> = {
  let table = UnsafeMutablePointer<promethean_plugin>.allocate(capacity: 1)
  table.initialize(
    to: promethean_plugin(
      struct_size: UInt32(MemoryLayout<promethean_plugin>.size),
      abi_major: UInt16(PROMETHEAN_ABI_MAJOR),
      abi_minor: UInt16(PROMETHEAN_ABI_MINOR),
      id: bytes("fixture"),
      create: { given, _ in
        host = given
        return PROMETHEAN_OK
      },
      start: { _, _ in
        Task.detached { await load() }
        return PROMETHEAN_OK
      },
      deliver: { _, _, _ in PROMETHEAN_OK },
      completed: { _, _, _, _, _ in },
      poll: { _ in },
      stop: { _, _ in PROMETHEAN_OK },
      destroy: { _ in },
      extension: nil
    )
  )
  return table
}()
