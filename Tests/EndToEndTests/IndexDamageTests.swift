import Envelope
import Foundation
import Host
import PluginKit
import TestSupport
import Testing

extension EndToEndChanges {
  /// The file of a graph of vectors that is damaged, or another's, in the real storage.
  @Suite struct IndexDamageTests {
    /// More than are looked at one by one, which makes a graph of them.
    private static let count = Products.isSoak ? 60_000 : 20_200
    private static let dimension = 8
    private static let model: JSON = ["name": "m", "version": "1", "checksum": "c", "dimension": 8]
    /// How many are looked for, and how many of these a graph finds at least.
    private static let (limit, found) = (10, 9)
    /// Puts of one request: what 64 KiB hold.
    private static let batch = 300

    enum Damage: CaseIterable {
      case none, cut, flipped, foreign
    }

    private static let manifest = """
      version: 1
      host: { http: { enabled: false } }
      tenants: [{ provider: echo, tenant: demo }, { provider: echo, tenant: other }]
      plugins:
        storage:
          library: Storage
          trust: \(TestHost.trust)
          tenants: ["*/*"]
          grants: { fs.write: [data], clock: {}, log: {}, metrics: {} }
          limits: { memory: 256MiB, in_flight: 256, descriptors: 256, rate: 100000 }
          config: { sync: normal }
      """

    private let host: TestHost
    private let vectors: [[Float]]
    /// What is looked for, and the ids that are to be found.
    private let questions: [(query: [Float], ids: [String])]
    private var directory: String { "\(host.directory)/var/data/storage/data" }

    init() throws {
      host = try TestHost(Self.manifest)
      var random = SeededRandom(seed: 17)
      let vectors = (0..<Self.count).map { _ in
        (0..<Self.dimension).map { _ in Float.random(in: -1...1, using: &random) }
      }
      self.vectors = vectors
      questions = [1, 4_711, 20_000].map { number in
        let query = vectors[number].map { $0 + 0.01 }
        return (query, Self.nearest(query, of: vectors))
      }
    }

    @Test func `a file that is cut, changed or another tenant's is made again, and searches are right meanwhile`()
      throws
    {
      try host.start()
      try fill("demo", hasDocuments: true)
      // The documents of these have yet to come, which the graph does not mind.
      try fill("other", hasDocuments: false)
      for tenant in ["other", "demo"] { _ = try linked(tenant) }
      #expect(try host.stop() == .status(0))
      let (own, foreign) = (try file(of: "demo"), try file(of: "other"))
      let whole = try FileBytes.read(own)
      for damage in Damage.allCases {
        var bytes = whole
        switch damage {
        case .none: break
        case .cut: bytes.removeLast(100)
        case .flipped: bytes[bytes.count / 2] ^= 4
        case .foreign: bytes = try FileBytes.read(foreign)
        }
        // In place: it stays the plugin's own.
        try Data(bytes).write(to: URL(filePath: own))
        try host.start()
        let progress = try linked("demo")
        let isMadeAgain = progress.contains { $0 > 0 && $0 < Self.count }
        #expect(isMadeAgain == (damage != .none), "\(damage): \(progress)")
        #expect(progress == progress.sorted(), "\(damage)")
        for (query, ids) in questions {
          let near = try search("demo", query)
          #expect(!near.isExact && near.ids.first == ids.first, "\(damage)")
          #expect(Set(near.ids).intersection(ids).count >= Self.found, "\(damage)")
        }
        #expect(try host.stop() == .status(0))
        let told = try host.records.filter { $0["message"]?.stringValue?.contains("vector index") == true }
        let again = told.count { $0["message"]?.stringValue?.hasSuffix("is made again") == true }
        #expect(again == (Damage.allCases.firstIndex(of: damage) ?? 0), "\(damage): \(told)")
      }
    }

    // MARK: - Parts

    private func fill(_ tenant: String, hasDocuments: Bool) throws {
      let client = try host.client()
      let topic = "promethean.p.echo.t.\(tenant).storage"
      for start in stride(from: 0, to: Self.count, by: Self.batch) {
        let numbers = start..<min(start + Self.batch, Self.count)
        if hasDocuments {
          let documents = numbers.map { ["foreign_id": .string("\($0)"), "text": .string("text \($0)")] as JSON }
          _ = try client.request("\(topic).documents.put", ["documents": .array(documents)], resource: "messages")
        }
        let puts = numbers.map { number -> JSON in
          let content = Hex.encode(SHA256.digest(Array("text \(number)".utf8)))
          // Of another tenant all are others.
          let vector = hasDocuments ? vectors[number] : vectors[number].reversed()
          return [
            "foreign_id": .string("\(number)"), "content": .string(content), "vector": Self.base64(vector),
          ]
        }
        let put: JSON = ["model": Self.model, "vectors": .array(puts)]
        let written = try client.request("\(topic).vectors.put", put, resource: "messages")["data"]?["written"]
        try #require(written == .int(Int64(numbers.count)))
      }
    }

    /// Has the graph be made, and returns how many vectors were in it each time that somebody looked.
    private func linked(_ tenant: String) throws -> [Int] {
      let client = try host.client()
      let topic = "promethean.p.echo.t.\(tenant).storage.vectors.models"
      var (progress, states): ([Int], [String]) = ([], [])
      return try host.until("the graph is there") {
        // It is not looked into before somebody searches.
        if states.isEmpty { try expectAll(tenant, client) }
        let index = try client.request(topic, resource: "messages")["data"]?["index"]
        progress.append(Int(index?["linked"]?.intValue ?? 0))
        let state = index?["state"]?.stringValue ?? "none"
        if state == "ready" { return progress }
        // Each search looks at all vectors until then: one in each state is enough.
        if !states.contains(state) { try expectAll(tenant, client) }
        states.append(state)
        return nil
      }
    }

    /// Expects what the best answer is, unless the graph is there meanwhile.
    private func expectAll(_ tenant: String, _ client: AdminClient) throws {
      let near = try search(tenant, questions[0].query, client)
      if near.isExact, tenant == "demo" { #expect(near.ids == questions[0].ids) }
    }

    private func search(_ tenant: String, _ query: [Float], _ client: AdminClient? = nil) throws
      -> (ids: [String], isExact: Bool)
    {
      let answer = try (client ?? host.client()).request(
        "promethean.p.echo.t.\(tenant).storage.vectors.search",
        ["vector": Self.base64(query), "limit": .int(Int64(Self.limit))],
        resource: "messages"
      )["data"]
      let ids = try #require(answer?["matches"]?.arrayValue).compactMap { $0["foreign_id"]?.stringValue }
      return (ids, answer?["exact"] == true)
    }

    /// The ids of the nearest, by looking at all.
    private static func nearest(_ query: [Float], of vectors: [[Float]]) -> [String] {
      func product(_ left: [Float], _ right: [Float]) -> Float {
        var sum: Float = 0
        for index in left.indices { sum += left[index] * right[index] }
        return sum
      }
      let scores = vectors.map { product($0, query) / product($0, $0).squareRoot() }
      return vectors.indices.sorted { scores[$0] > scores[$1] }.prefix(limit).map { "\($0)" }
    }

    private func file(of tenant: String) throws -> String {
      let names = try FileManager.default.contentsOfDirectory(atPath: directory)
      let name = try #require(names.first { $0.hasPrefix("echo.\(tenant).messages.") && $0.hasSuffix(".hnsw") })
      return "\(directory)/\(name)"
    }

    private static func base64(_ elements: [Float]) -> JSON {
      let bytes = elements.flatMap { element in
        (0..<4).map { UInt8(truncatingIfNeeded: element.bitPattern >> (8 * $0)) }
      }
      return .string(Base64.encode(bytes))
    }
  }
}
