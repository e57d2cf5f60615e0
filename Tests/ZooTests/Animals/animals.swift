// Animals that were written in Swift: they try by Foundation, Dispatch and the standard library what those in C try by
// hand, because that is how most plugins would. In a plugin, or at large as a program that is told over descriptor 3.

import Dispatch
import Foundation
import Glibc
import PluginABI

/// What the test told of the world.
nonisolated(unsafe) var facts: [String: String] = [:]

func fact(_ name: String) -> String { facts[name] ?? "" }

func attempt(_ message: String) throws {
  for line in message.split(separator: "\n") {
    let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    facts[parts[0]] = parts[1]
  }
  switch fact("attempt") {
  case "read": say("saw: \(try String(contentsOfFile: fact("argument"), encoding: .utf8).prefix(100))")
  case "list": say("saw: \(try FileManager.default.attributesOfItem(atPath: fact("argument"))[.size] ?? "") bytes")
  case "write": try Data("out".utf8).write(to: URL(fileURLWithPath: fact("argument")), options: .atomic)
  case "remove": try FileManager.default.removeItem(atPath: fact("argument"))
  case "environment": say("saw: \(ProcessInfo.processInfo.environment)")
  case "run": try run()
  case "connect": connect()
  case "signal": kill(pid_t(fact("host")) ?? 0, SIGTERM)
  default: break
  }
}

func run() throws {
  let shell = Process()
  shell.executableURL = URL(fileURLWithPath: "/bin/sh")
  shell.arguments = ["-c", "echo out > '\(fact("outside"))/witness'"]
  try shell.run()
  shell.waitUntilExit()
}

/// From a queue of Dispatch's, whose threads are in the sandbox as well.
func connect() {
  DispatchQueue.global().sync {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = (UInt16(fact("tcp")) ?? 0).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    _ = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}

func perform(_ message: String) {
  do { try attempt(message) } catch { say("\(error)") }
  say("done")
}

#if AT_LARGE
func say(_ text: String) {
  FileHandle.standardOutput.write(Data((text.replacingOccurrences(of: "\n", with: " ") + "\n").utf8))
}

@main struct Program {
  static func main() {
    var bytes = [UInt8](repeating: 0, count: 8192)
    var isFirst = true
    while case let count = recv(3, &bytes, bytes.count, 0), count > 0 {
      let message = String(decoding: bytes[..<count], as: UTF8.self)
      guard !isFirst else {
        isFirst = false
        let user = uid_t(message) ?? 0
        if geteuid() == 0 { precondition(setgid(user) == 0 && setuid(user) == 0) }
        say("done")
        continue
      }
      perform(message)
    }
  }
}
#else
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
      start: { _, _ in PROMETHEAN_OK },
      deliver: { _, _, envelope in
        let payload = envelope.pointee.payload
        perform(String(decoding: UnsafeBufferPointer(start: payload.data, count: Int(payload.size)), as: UTF8.self))
        return PROMETHEAN_OK
      },
      completed: { _, _, _, _, _ in },
      poll: { _ in },
      stop: { _, _ in PROMETHEAN_OK },
      destroy: { _ in },
      extension: nil
    )
  )
  return table
}()
#endif
