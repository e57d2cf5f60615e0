import Foundation
import Testing

/// A way in which the next generation of `Fixtures/ledger.c` is broken, and what is said of it.
struct LedgerFault: Sendable, CustomTestStringConvertible {
  /// Where it is broken.
  enum Place: Sendable {
    /// In what it does.
    case behaviour
    /// In how it is built.
    case build
    /// In the bytes of its file, which are signed.
    case bytes(@Sendable ([UInt8]) -> [UInt8])
    /// In its file or its signature, once it is signed.
    case file(@Sendable (String) throws -> Void)
  }

  let name: String
  let reason: String
  var place = Place.behaviour

  var testDescription: String { name }

  /// What the compiler is told for it.
  var definition: String? {
    switch place {
    case .behaviour: "FAULT=\(name)"
    case .build: name
    case .bytes, .file: nil
    }
  }

  private static let crash = "it was killed by signal 6 (SIGABRT)"

  static let all = [
    Self(name: "EMPTY", reason: "is not an ELF file", place: .bytes { _ in [] }),
    Self(name: "GARBAGE", reason: "is not an ELF file", place: .bytes { _ in Array("no ELF at all".utf8) }),
    Self(
      name: "CUT",
      reason: "is truncated: its table of sections lies beyond its end",
      place: .bytes { Array($0.prefix($0.count / 3)) }
    ),
    Self(
      name: "UNSIGNED",
      reason: "is not signed: expected ledger.so.minisig beside it",
      place: .file(removeSignature)
    ),
    Self(
      name: "ALTERED",
      reason: "ledger.so.minisig is not the signature of key",
      place: .file { try change($0) { $0 + [0] } }
    ),
    Self(
      name: "NO_ENTRY",
      reason: "expected an exported function `promethean_plugin_entry_v1`, found none",
      place: .build
    ),
    Self(name: "WRONG_ABI", reason: "it is built for ABI 99.1, expected 1.1", place: .build),
    Self(name: "WRONG_NOTE", reason: "was built against ABI 99.1, this host runs 1.0 to 1.1", place: .build),
    Self(name: "MISSING_SYMBOL", reason: "undefined symbol: nobody_has_this", place: .build),
    Self(name: "CRASH_IN_CONSTRUCTOR", reason: crash),
    Self(name: "HANG_IN_CONSTRUCTOR", reason: "it was loading its library for longer than it may"),
    Self(name: "FAIL_IN_CREATE", reason: "no ink"),
    Self(name: "CRASH_IN_CREATE", reason: crash),
    Self(name: "HANG_IN_CREATE", reason: "it was in create for longer than it may"),
    Self(name: "FAIL_IN_TAKE", reason: "it could not take over state: no such format"),
    Self(name: "CRASH_IN_TAKE", reason: crash),
    Self(name: "HANG_IN_TAKE", reason: "it was taking over state for longer than it may"),
    Self(name: "FAIL_IN_START", reason: "start failed: no paper"),
    Self(name: "CRASH_IN_START", reason: crash),
    Self(name: "HANG_IN_START", reason: "it was in start for longer than it may"),
    Self(name: "UNWELL", reason: "it is unwell: no signal"),
    Self(name: "CRASH_AT_FIRST", reason: crash),
    Self(name: "HANG_AT_FIRST", reason: "it held a delivery for longer than its deadline"),
    Self(name: "FAIL_AT_FIRST", reason: "it could not handle the first that it was given: no idea"),
  ]

  /// It breaks when it has handled something, and the generation is about to be recorded, or just was.
  static let late = Self(name: "CRASH_AT_SECOND", reason: crash)

  static func change(_ path: String, by change: ([UInt8]) -> [UInt8]) throws {
    let bytes = change(Array(try Data(contentsOf: URL(filePath: path))))
    try Data(bytes).write(to: URL(filePath: path), options: .atomic)
  }

  private static func removeSignature(_ path: String) throws {
    try FileManager.default.removeItem(atPath: "\(path).minisig")
  }
}
