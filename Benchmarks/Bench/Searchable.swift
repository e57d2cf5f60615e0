internal import Envelope
internal import Glibc
internal import Host

/// How long it takes from sending a message until a search finds it by its vector, through the plugins of the default
/// deployment, next to such a search alone.
///
/// The vectors are made by hashing words, so what is measured is the way and not a model.
enum Searchable {
  private static let count = 500
  /// Words of a message, of letters by chance: no two are near each other.
  private static let words = 8
  private static let letters = 7
  /// Microseconds between two searches, so that they leave the way to the message.
  private static let interval: UInt32 = 500
  /// Nanoseconds after which a message is taken to be lost.
  private static let patience: Int64 = 10_000_000_000

  static func measure(in directory: WorkDirectory, into report: inout Report) throws {
    let host = try BenchHost(deployment: deployment, in: directory, named: "search")
    var random = SplitMix(state: 1)
    var (ways, searches): ([Int64], [Int64]) = ([], [])
    for number in 0..<count {
      let text = (0..<words).map { _ in word(&random) }
      let began = monotonic()
      let message: JSON = [
        "id": .string("m\(number)"), "author": "bench", "space": "bench", "text": .string(text.joined(separator: " ")),
        "created_at": "2026-01-01T00:00:00Z",
      ]
      _ = try host.request("control.send", "send", message)
      // Without the last word: what is asked for is no text whose vector is known already.
      let question = text.dropLast().joined(separator: " ")
      var (now, asked) = (began, began)
      repeat {
        guard now - began < patience else { throw BenchError("a message was not found after 10 s") }
        if now > began { usleep(interval) }
        asked = monotonic()
        let isFound = try host.finds(text.joined(separator: " "), by: question)
        now = monotonic()
        if isFound { break }
      } while true
      ways.append(now - began)
      searches.append(now - asked)
    }
    try host.stop()
    (ways, searches) = (ways.sorted(), searches.sorted())
    for (percentile, index) in [("p50", count / 2), ("p99", count * 99 / 100)] {
      report.add(
        .init(
          name: "search.\(percentile)",
          value: Double(ways[index]) / 1e6,
          unit: "ms",
          baseline: Double(searches[index]) / 1e6,
          note: "from sending to being found by its vector; baseline: the search alone"
        )
      )
    }
  }

  private static func word(_ random: inout SplitMix) -> String {
    String((0..<letters).map { _ in "abcdefghijklmnopqrstuvwxyz".randomElement(using: &random) ?? "a" })
  }

  private static let deployment = """
    version: 1
    host:
      http: { enabled: false }
      log: { level: warn }
    tenants:
      - { provider: echo, tenant: bench }
    plugins:
      echo:
        library: Echo
        tenants: [echo/bench]
        grants:
          subscribe: [promethean.p.echo.t.*.control.send, promethean.p.echo.t.*.social.PostMessage]
          publish: [promethean.p.echo.t.*.events.SocialMessageCreated]
          clock: {}
      storage:
        library: Storage
        tenants: ["*/*"]
        grants: { fs.write: [data], clock: {} }
        limits: { memory: 256MiB, in_flight: 256, descriptors: 256 }
      message-indexer:
        library: MessageIndexer
        tenants: ["*/*"]
        grants:
          subscribe:
            - promethean.p.*.t.*.events.(SocialMessageCreated|SocialMessageUpdated|SocialMessageDeleted)
            - promethean.p.*.t.*.jobs.backfill.messages.(enqueue|coverage|step)
          publish:
            - promethean.p.*.t.*.jobs.backfill.messages.(step|progress|done|error)
            - promethean.p.*.t.*.rest.request
          storage.documents: { messages: write, coverage: [read, write] }
          state: {}
          clock: {}
      embedder:
        library: Embedder
        tenants: ["*/*"]
        grants: { clock: {} }
        limits: { memory: 128MiB, in_flight: 256 }
      message-embedder:
        library: MessageEmbedder
        tenants: ["*/*"]
        grants:
          subscribe: ["promethean.p.*.t.*.events.(SocialMessageCreated|SocialMessageUpdated)"]
          embed.text: [feature-hashing]
          storage.vectors: { messages: [read, write] }
          clock: {}
      search:
        library: Search
        tenants: ["*/*"]
        grants:
          embed.text: ["*"]
          storage.documents: { messages: read }
          storage.vectors: { messages: read }
          clock: {}
    """
}

extension BenchHost {
  /// What is answered to a request.
  fileprivate func request(_ name: String, _ intent: String, _ payload: JSON) throws -> JSON {
    let answer = try client.call(
      "request",
      [
        "topic": .string("promethean.p.echo.t.bench.\(name)"), "intent": .string(intent), "payload": payload,
        "timeout_ms": 10_000,
      ]
    )
    return answer["envelope"]?["data"] ?? .null
  }

  /// Whether a message is among what a question finds by vectors.
  fileprivate func finds(_ text: String, by question: String) throws -> Bool {
    let answer = try request("search.messages", "search.messages", ["text": .string(question), "explain": true])
    return (answer["results"]?.arrayValue ?? []).contains { result in
      result["text"]?.stringValue == text && result["explain"]?["vector_rank"]?.intValue != nil
    }
  }
}
