internal import Foundation
internal import Glibc
internal import RunnerSupport
internal import Testing

/// docs/security-syscalls.md, as data.
struct SyscallPage {
  /// What the page says becomes of a call.
  enum Verdict: Hashable {
    case allowed
    case some(elseError: UInt32)
    case answered(UInt32)
    case ends
  }

  struct Group: Equatable {
    let name: String
    let reason: String
  }

  /// In force only for a plugin that may write somewhere.
  static let writing = "writing"

  let groups: [Group]
  private let verdicts: [String: [String: Verdict]]
  /// The calls of the table of arguments.
  let conditional: Set<String>

  init() throws {
    let page = try String(contentsOfFile: "\(Fixture.package)/docs/security-syscalls.md", encoding: .utf8)
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("| ") }.map { row in
      row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let table = rows.filter { $0.count == 3 && $0[0] != "group" }
    groups = table.map { Group(name: $0[0], reason: $0[1]) }
    verdicts = try Dictionary(uniqueKeysWithValues: table.map { ($0[0], try Self.verdicts(in: $0[2])) })
    let arguments = rows.filter { $0.count == 2 && $0[0] != "call" }
    conditional = Set(arguments.flatMap { $0[0].split(separator: ", ").map(String.init) })
  }

  /// What is said of each call, by name.
  func verdicts(writes: Bool) -> [String: Verdict] {
    let groups = verdicts.filter { writes || $0.key != Self.writing }.values
    return groups.reduce(into: [:]) { all, group in all.merge(group) { first, _ in first } }
  }

  private static func verdicts(in cell: String) throws -> [String: Verdict] {
    var verdicts: [String: Verdict] = [:]
    for match in cell.matches(of: /(\w+)(?: \(([^)]*)\))?(?:, |$)/) {
      let name = String(match.1)
      try #require(verdicts[name] == nil, "\(name) is there twice")
      verdicts[name] = try verdict(match.2.map(String.init))
    }
    return verdicts
  }

  private static func verdict(_ text: String?) throws -> Verdict {
    switch text {
    case nil: .allowed
    case "ends": .ends
    case "some": .some(elseError: UInt32(EPERM))
    case let text?:
      text.hasPrefix("some, else ")
        ? .some(elseError: try number(of: String(text.dropFirst("some, else ".count))))
        : .answered(try number(of: text))
    }
  }

  /// The errors that the page names; 0 is none.
  static let errors: [String: UInt32] = [
    "0": 0, "EPERM": UInt32(EPERM), "EACCES": UInt32(EACCES), "ENOSYS": UInt32(ENOSYS),
    "EINPROGRESS": UInt32(EINPROGRESS),
  ]

  private static func number(of error: String) throws -> UInt32 {
    try #require(errors[error], "an error that this test does not know: \(error)")
  }
}

/// The calls that this machine's headers know, by name.
enum SyscallNumbers {
  static let all: [String: UInt32] = {
    let header = try? String(contentsOfFile: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", encoding: .utf8)
    let pairs = (header ?? "").matches(of: /#define __NR_(\w+) (\d+)/).compactMap { match in
      UInt32(match.2).map { (String(match.1), $0) }
    }
    return Dictionary(uniqueKeysWithValues: pairs)
  }()
}
