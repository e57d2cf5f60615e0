import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// A generation takes the place of another: with all that was in memory, or not at all.
  @Suite struct ReloadTests {
    /// A way in which the next generation is broken, and what is said of it.
    struct Fault: Sendable, CustomTestStringConvertible {
      let name: String
      let reason: String
      var testDescription: String { name }
    }

    static let faults = [
      Fault(name: "CRASH_IN_CONSTRUCTOR", reason: "it was killed by signal 6 (SIGABRT)"),
      Fault(name: "HANG_IN_CONSTRUCTOR", reason: "it was loading its library for longer than it may"),
      Fault(name: "FAIL_IN_CREATE", reason: "no ink"),
      Fault(name: "CRASH_IN_CREATE", reason: "it was killed by signal 6 (SIGABRT)"),
      Fault(name: "HANG_IN_CREATE", reason: "it was in create for longer than it may"),
      Fault(name: "FAIL_IN_TAKE", reason: "it could not take over state: no such format"),
      Fault(name: "CRASH_IN_TAKE", reason: "it was killed by signal 6 (SIGABRT)"),
      Fault(name: "HANG_IN_TAKE", reason: "it was taking over state for longer than it may"),
      Fault(name: "FAIL_IN_START", reason: "start failed: no paper"),
      Fault(name: "CRASH_IN_START", reason: "it was killed by signal 6 (SIGABRT)"),
      Fault(name: "HANG_IN_START", reason: "it was in start for longer than it may"),
      Fault(name: "UNWELL", reason: "it is unwell: no signal"),
      Fault(name: "CRASH_AT_FIRST", reason: "it was killed by signal 6 (SIGABRT)"),
      Fault(name: "HANG_AT_FIRST", reason: "it held a delivery for longer than its deadline"),
      Fault(name: "FAIL_AT_FIRST", reason: "it could not handle the first that it was given: no idea"),
    ]

    private let ledger: Ledger

    init() throws { ledger = try Ledger() }

    @Test func `the next generation goes on with what was in memory`() throws {
      try ledger.publish(50)
      let before = try ledger.settled()
      try ledger.build("VERSION=2", "STATE=2")
      try ledger.reload()
      try ledger.publish(50)
      try ledger.expect(version: 2)
      let after = try ledger.settled()
      #expect(after["generation"] == 2 && after["restarts"] == 0 && after["refused"]?.isNull == true)
      let pid = try #require(before["pid"]?.intValue)
      #expect(kill(pid_t(pid), 0) == -1 && errno == ESRCH, "the old process is there still")
      #expect(try ledger.host.stop() == .status(0))
    }

    @Test(arguments: faults)
    func `one that is broken leaves the one before it serving, and says why`(fault: Fault) throws {
      try ledger.publish(20)
      try ledger.build("VERSION=2", "FAULT=\(fault.name)")
      let refusal = try ledger.reloadWhilePublishing()
      #expect(refusal?.contains(fault.reason) == true, "\(refusal ?? "it was not refused")")
      try ledger.publish(20)
      try ledger.expect(version: 1)
      let instance = try ledger.settled()
      #expect(instance["generation"] == 1 && instance["restarts"] == 0)
      #expect(instance["refused"]?.stringValue?.contains(fault.reason) == true, "\(instance)")
      #expect(try ledger.client.deadLetters().isEmpty)
      #expect(try ledger.host.stop() == .status(0))
    }

    @Test func `one that reads no state of that version is refused, and so is one that does not give`() throws {
      try ledger.build("VERSION=2", "STATE=2")
      try ledger.reload()
      try ledger.publish(10)
      try ledger.build("VERSION=3", "STATE=1")
      let reason = "the generation before gives version 2, this one takes at most 1"
      #expect { try ledger.reload() } throws: { "\($0)".contains(reason) }
      try ledger.expect(version: 2)
      try ledger.build("VERSION=4", "STATE=2", "FAULT=FAIL_IN_GIVE")
      try ledger.reload()
      try ledger.build("VERSION=5", "STATE=2")
      #expect { try ledger.reload() } throws: {
        "\($0)".contains("the generation before it could not hand over: no key")
      }
      try ledger.publish(10)
      try ledger.expect(version: 4)
    }

    @Test func `a library that cannot be read leaves the one before it serving`() throws {
      try ledger.publish(10)
      let library = "\(ledger.host.directory)/plugins.d/ledger.so"
      let whole = try FileBytes.read(library)
      for bytes in [[], Array("no ELF at all".utf8), Array(whole.prefix(whole.count / 3))] {
        try Data(bytes).write(to: URL(filePath: library), options: .atomic)
        #expect(throws: AdminClientError.self) { try ledger.reload() }
        #expect(try ledger.settled()["refused"]?.stringValue?.contains("ledger.so") == true)
      }
      try ledger.expect(version: 1)
    }

    /// How often the plugin is reloaded in a row: as many as take half a minute, or as the long proof asks for.
    private static let rounds = Products.isSoak ? 200 : 12

    @Test func `a series of reloads under load, good ones and bad, loses nothing and leaves nothing`() throws {
      let seed =
        ProcessInfo.processInfo.environment["PROMETHEAN_SEED"].flatMap { UInt64($0) } ?? .random(in: 0...999_999)
      Products.say("the order of reloads is of the seed \(seed)")
      var random = SplitMix(seed: seed)
      // Three in ten are bad.
      let bad = Self.rounds * 3 / 10
      let order = ((0..<Self.rounds).map { $0 < bad ? Self.faults[$0 % Self.faults.count] : nil })
        .shuffled(using: &random)
      try ledger.publish(20)
      let host = try #require(ledger.host.process?.pid)
      let descriptors = try ProcessView(pid: host).descriptorCount
      var version: Int64 = 1
      var resident: Int?
      for (round, fault) in order.enumerated() {
        try ledger.build("VERSION=\(version + 1)", "FAULT=\(fault?.name ?? "NONE")")
        let refusal = try ledger.reloadWhilePublishing()
        if let fault {
          #expect(
            refusal?.contains(fault.reason) == true,
            "round \(round), \(fault): \(refusal ?? "it was not refused")"
          )
        } else {
          #expect(refusal == nil, "round \(round): \(refusal ?? "")")
          version += 1
        }
        // What the first few bring with them is there to stay.
        if round == order.count / 4 { resident = try self.resident(host) }
      }
      try ledger.publish(20)
      try ledger.expect(version: version)
      let instance = try ledger.settled()
      #expect(instance["generation"] == .int(version))
      #expect(try ledger.client.deadLetters().isEmpty)
      #expect(try ProcessView.children(of: host).count == 1)
      #expect(try ProcessView(pid: host).descriptorCount <= descriptors)
      let after = try self.resident(host)
      Products.say("\(order.count) reloads; memory \(resident ?? 0) bytes after a quarter of them, \(after) in the end")
      if let resident, !Products.isSanitized { #expect(Double(after) <= Double(resident) * 1.1) }
    }

    /// Resident memory of a process, in bytes.
    private func resident(_ pid: Int32) throws -> Int {
      let text = String(decoding: try ProcessView(pid: pid).file("statm"), as: UTF8.self)
      return try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) }) * Int(getpagesize())
    }
  }
}
