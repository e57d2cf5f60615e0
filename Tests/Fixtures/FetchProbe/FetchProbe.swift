public import PluginKit

/// A worker that does with `Context.fetch` what a test tells it, and says what came of it.
@PluginActor
public final class FetchProbe: Plugin {
  /// The id in the manifest.
  public nonisolated static let id = "fetch-probe"

  private let context: Context

  /// Needs nothing.
  public init(context: Context) {
    self.context = context
  }

  /// Does what the payload says.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    let order = try JSON.parse(envelope.payload)
    do {
      return Response(json: try await envelope.intent == "raw" ? raw(order, envelope) : fetch(order))
    } catch let error as HostError {
      return Response(json: ["error": .string(error.message), "kind": .string(error.kind.rawValue)])
    }
  }

  private func fetch(_ order: JSON) async throws -> JSON {
    let headers = order["headers"]?.arrayValue ?? []
    let request = FetchRequest(
      order["method"]?.stringValue ?? "GET",
      order["url"]?.stringValue ?? "",
      headers: headers.map {
        FetchHeader($0.arrayValue?.first?.stringValue ?? "", $0.arrayValue?.last?.stringValue ?? "")
      },
      body: order["body"]?.stringValue.map { Array($0.utf8) },
      timeout: order["timeout_ms"]?.intValue.map { .milliseconds($0) },
      redirectsMax: Int(order["redirects"]?.intValue ?? 10)
    )
    let response = try await context.fetch(request)
    let bytes = try await context.bytes(of: response)
    var answer: JSONObject = [
      "status": .int(Int64(response.status)), "url": .string("\(response.url)"), "size": .int(Int64(bytes.count)),
      "sum": .int(Self.sum(bytes)), "text": .string(String(decoding: bytes.prefix(16_384), as: UTF8.self)),
      "type": .string(response.header("Content-Type") ?? ""),
    ]
    if case .blob(let blob) = response.body { answer["sha256"] = .string(blob.sha256) }
    return .object(answer)
  }

  /// Asks the service for what no helper would.
  private func raw(_ order: JSON, _ cause: Envelope) async throws -> JSON {
    let name = order["name"]?.stringValue ?? "fetch"
    let tenant = order["tenant"]?.stringValue ?? cause.tenant
    var envelope = Envelope(topic: "promethean.p.\(cause.provider).t.\(tenant).http.\(name)", intent: name)
    envelope.payload = (order["payload"] ?? [:]).bytes()
    envelope.resource = order["resource"]?.stringValue ?? ""
    let answer = try await context.request(envelope)
    return ["size": .int(Int64(answer.payload.count)), "sum": .int(Self.sum(answer.payload))]
  }

  /// Tells bytes from others, their order included.
  public nonisolated static func sum(_ bytes: [UInt8]) -> Int64 {
    bytes.reduce(0) { ($0 * 31 + Int64($1)) % 1_000_000_007 }
  }
}
