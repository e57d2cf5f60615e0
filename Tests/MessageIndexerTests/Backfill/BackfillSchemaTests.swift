import Envelope
import PluginKit
import TestSupport
import Testing

@testable import MessageIndexer

/// The schemas are the contract for those who order jobs, and for those who listen to them.
struct BackfillSchemaTests {
  private static let space = "urn:echo:channel:demo:12"

  private func faults(_ envelope: Envelope) throws -> [String] {
    let name = "jobs.backfill.messages.\(envelope.intent)"
    #expect(envelope.topic == "promethean.p.echo.t.demo.\(name)")
    return try JSONSchema(name).faults(in: JSON.parse(envelope.payload))
  }

  @Test func `what a job tells is what its schema says, and all of it`() throws {
    let payload: JSON = ["spaces": [.string(Self.space)]]
    let order = try BackfillOrder(payload.bytes(), provider: "echo", tenant: "demo")
    let job = BackfillJob(id: "j", began: 1, order)
    let reports = BackfillReports(provider: "echo", tenant: "demo")
    let space = try URN(Self.space)
    let told = [
      try reports.step(3, lane: 1, of: job), try reports.step(0, lane: nil, of: job),
      try reports.progress(space, BackfillLane(0), 0, oldest: 5, isComplete: false, of: job),
      try reports.progress(space, BackfillLane(0), 0, oldest: nil, isComplete: true, of: job),
      try reports.error("why", space: space, of: job), try reports.error("why", space: nil, of: job),
      try reports.done(job),
    ]
    for envelope in told { #expect(try faults(envelope) == [], "\(envelope.intent)") }
    for envelope in told where envelope.intent != "error" {
      let keys = try JSONSchema("jobs.backfill.messages.\(envelope.intent)").keys
      let told = try JSON.parse(envelope.payload).objectValue?.keys ?? []
      #expect(Set(told) == keys)
    }
  }

  @Test(
    arguments: [
      ["spaces": "all"], ["spaces": [.string(space)]], ["spaces": [.string(space), .string(space)]],
      ["spaces": "all", "since": 0, "until": 1_700_000_000_000, "limit": 1],
      ["spaces": "all", "since": "2026-01-01T00:00:00Z", "until": nil, "limit": nil],
      ["spaces": "all", "until": 9_223_372_036_854], ["spaces": "all", "until": 9_223_372_036_855],
      [:], ["spaces": "some"], ["spaces": []], ["spaces": ["lobby"]], ["spaces": 1], ["spaces": nil],
      ["spaces": .array(Array(repeating: .string(space), count: 1_001))],
      ["spaces": "all", "since": -1], ["spaces": "all", "since": "today"], ["spaces": "all", "limit": 0],
      ["spaces": "all", "limit": "many"], ["spaces": "all", "tenant": "other"], [],
    ] as [JSON]
  )
  func `an order is taken that its schema allows, and no other`(order: JSON) throws {
    let faults = try JSONSchema("jobs.backfill.messages.enqueue").faults(in: order)
    let isTaken = (try? BackfillOrder(order.bytes(), provider: "echo", tenant: "demo")) != nil
    #expect(isTaken == faults.isEmpty, "\(faults)")
  }
}
