import Envelope
import Host
import TestSupport
import Testing

/// What an access plugin, an indexer and a host go through while the past is fetched.
enum BackfillMishap: CaseIterable {
  case accessKilled, indexerKilled, hostKilled
}

extension TestHost {
  /// Orders the past of all spaces of a tenant from the command line; returns the name of the job.
  func backfill(_ provider: String, _ tenant: String, _ more: String...) throws -> String {
    let words = ["backfill", "--provider", provider, "--tenant", tenant, "--all", "--json"] + more
    let program = try Program([Products.promethean, "--deployment", directory] + words, seconds: 60)
    let line = try #require(program.output.split(separator: "\n").first, "\(program.errors)")
    return try #require(try JSON.parse(Array(line.utf8))["job"]?.stringValue)
  }

  /// Returns when so many spaces are known to their ends, each in one interval.
  func known(_ count: Int, of provider: String, _ tenant: String) throws {
    let client = try client()
    var found: [JSON] = []
    do {
      try until("\(count) spaces are known to their ends") {
        found = try client.documents(provider: provider, tenant: tenant, in: "coverage")
        let whole = found.filter { ledger in
          let intervals = ledger["body"]?["intervals"]?.arrayValue ?? []
          return intervals.count == 1 && intervals[0]["floor"]?.stringValue != nil
        }
        return whole.count >= count ? () : nil
      }
    } catch {
      Issue.record("\(error): \(found.map { $0["body"]?.text ?? "" })")
      throw error
    }
  }

  /// Kills one after the other, each when another part of what is wanted is indexed.
  func suffer(_ wanted: Int, of provider: String, _ tenant: String, meanwhile: (Int) async throws -> Void) async throws
  {
    let mishaps = BackfillMishap.allCases
    for (round, mishap) in mishaps.enumerated() {
      let part = wanted * (round + 1) / (mishaps.count + 1)
      let client = try client()
      _ = try until(
        "\(part) are indexed",
        { try count(client, provider: provider, tenant: tenant) ?? 0 >= part ? () : nil }
      )
      try await meanwhile(round)
      switch mishap {
      case .accessKilled: try client.kill("\(provider)@\(tenant)")
      case .indexerKilled: try client.kill("message-indexer")
      case .hostKilled:
        try kill()
        try start()
      }
    }
  }
}
