import Foundation
import Glibc

/// What a host holds of the machine for what it runs: equal before and after what leaves nothing behind.
struct Footprint: Equatable, CustomStringConvertible {
  /// Its processes.
  var children: Int
  /// What its descriptors are of, and how many there are of each.
  var descriptors: [String: Int] = [:]
  /// What it has mapped of memory that it shares and of files of its deployment's, and how often.
  var mappings: [String: Int] = [:]

  var description: String {
    let list = { (counts: [String: Int]) in counts.sorted { $0.key < $1.key }.map { "\($1) \($0)" } }
    return "\(children) children, descriptors \(list(descriptors)), mappings \(list(mappings))"
  }

  /// Looks at a host that runs a deployment in some directory.
  init(of pid: Int32, in directory: String) throws {
    let view = ProcessView(pid: pid)
    children = try ProcessView.children(of: pid).count
    for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd") {
      // It may be closed by now.
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(name)")
      if let target { descriptors[Self.kind(target), default: 0] += 1 }
    }
    for mapping in try view.mappings where mapping.name.hasPrefix("/memfd:") || mapping.name.hasPrefix(directory) {
      mappings[Self.kind(mapping.name), default: 0] += 1
    }
  }

  /// What something is, without numbers and digests that are others each time, and whether its file has been replaced.
  private static func kind(_ name: String) -> String {
    name.replacing(/[0-9a-f]{64}|\[[0-9]+\]|\/proc\/[0-9]+/, with: "*").replacing(".so (deleted)", with: ".so")
  }

  /// The resident memory of a process, in bytes.
  static func residentBytes(_ pid: Int32) throws -> Int {
    let text = String(decoding: try ProcessView(pid: pid).file("statm"), as: UTF8.self)
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return (pages ?? 0) * Int(getpagesize())
  }
}
