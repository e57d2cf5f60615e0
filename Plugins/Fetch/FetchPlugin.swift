internal import CURL
internal import Glibc
public import PluginKit

/// The service that fetches from the web for all plugins.
///
/// What may be fetched, and how much, the host has decided before a request comes here; where a name may lead, it
/// decides when it makes the connection. A redirect is an answer: whoever wants to follow asks again.
@PluginActor
public final class FetchPlugin: Plugin {
  /// The id in the manifest.
  public nonisolated static let id = "fetch"

  /// Connections that are being made at once: as many as the host makes for one instance.
  private static let dialsMax = 16
  /// How much earlier than its deadline a fetch ends, ns, so that its error is heard.
  private static let margin: Int64 = 100_000_000
  /// Bytes of one piece of a blob.
  private static let pieceMax: Int64 = 32 << 10

  private let context: Context
  private let directory: String
  private let authorities: String
  private let userAgent: String
  private let timeout: Duration
  private let quota: Int
  private let turnstile: Turnstile
  private let dials = ConcurrencyLimit(dialsMax)
  private let blobs: BlobStore
  private var transfers: TransferThread?

  /// Reads where to keep blobs, whom to trust, and what is fair.
  public init(context: Context) throws {
    self.context = context
    let config = context.config
    directory = try config.string("directory")
    authorities = try config.string("ca_file", default: "/etc/ssl/certs/ca-certificates.crt")
    for (key, path) in [("directory", directory), ("ca_file", authorities)] where !path.hasPrefix("/") {
      throw FetchError("config.\(key): expected an absolute path, found \"\(path)\"")
    }
    userAgent = try config.string("user_agent", default: "promethean-fetch/0.1")
    timeout = try config.duration("timeout", default: .seconds(60))
    quota = try config.bytes("blob_quota", default: 256 << 20)
    let limits = Turnstile.Limits(
      concurrency: try config.int("concurrency", default: 8, in: 1...64),
      waiting: try config.int("waiting", default: 24, in: 0...1024),
      rate: try config.int("rate", default: 20, in: 1...10_000),
      burst: try config.int("burst", default: 40, in: 1...10_000)
    )
    turnstile = Turnstile(limits, clock: context.clock)
    blobs = BlobStore(directory: directory, quota: quota)
  }

  /// Looks whether its files can be used, and starts the thread of the transfers.
  public func start() async throws {
    // A file that may not grow further is a full disk and answered as one; the signal would end the process.
    signal(SIGXFSZ, SIG_IGN)
    signal(SIGPIPE, SIG_IGN)
    guard unsafe access(authorities, R_OK) == 0 else {
      let reason = unsafe String(cString: strerror(errno))
      throw FetchError("config.ca_file: expected a file within a grant of fs.read, found \(authorities): \(reason)")
    }
    try blobs.open()
    transfers = try TransferThread()
  }

  /// Fetches, reads a piece of what was fetched, or forgets all that a tenant has fetched.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    guard envelope.flags.contains(.request) else { throw Rejection("\(envelope.topic): expected a request") }
    let topic = try Topic(envelope.topic)
    // The host has checked the resource of these and of no others.
    switch (topic.area, topic.name) {
    case ("http", "fetch"): return Response(json: try await fetch(try FetchOrder(envelope)))
    case ("http", "fetch.read"): return Response(payload: try read(envelope), contentType: "application/octet-stream")
    case ("http", "fetch.forget"):
      let count = blobs.removeAll(of: BlobScope(provider: envelope.provider, tenant: envelope.tenant))
      context.metrics.set("blob_bytes", Double(blobs.size))
      return Response(json: ["forgotten": .int(Int64(count))])
    default:
      let found = "\(topic.area).\(topic.name)"
      throw FetchError("topic: expected http.fetch, http.fetch.read or http.fetch.forget, found \(found)")
    }
  }

  /// Ends the thread of the transfers.
  public func stop() async {
    transfers?.stop()
    transfers = nil
  }

  private func fetch(_ order: FetchOrder) async throws(FetchError) -> JSON {
    let began = context.clock.now.nanoseconds
    let latest = began + Int64(timeout / .nanoseconds(1))
    let deadline = order.deadline > 0 ? min(order.deadline - Self.margin, latest) : latest
    try await turnstile.enter(order.requester, until: deadline)
    defer { turnstile.leave(order.requester) }
    let receiver = BodyReceiver(incoming: blobs.incoming, quota: quota)
    do throws(FetchError) {
      let head = try await transfer(order, into: receiver, until: deadline)
      let answer = try answer(order, head, receiver)
      record("fetched", order, began, ["status": .int(Int64(head.status)), "bytes": .int(Int64(receiver.size))])
      context.metrics.add("fetched_bytes_total", Double(receiver.size))
      return answer
    } catch {
      receiver.discard()
      context.metrics.add("failed_total")
      record("not fetched", order, began, [:])
      throw error
    }
  }

  /// Connects and does the transfer.
  private func transfer(
    _ order: FetchOrder,
    into receiver: BodyReceiver,
    until deadline: Int64
  ) async throws(FetchError) -> ResponseHead {
    guard let transfers else { throw FetchError("\(order.place): the service is stopping") }
    let connection = try await dial(order)
    let left = deadline - context.clock.now.nanoseconds
    guard left > 0 else { throw FetchError("\(order.place): the deadline had passed when the connection was made") }
    var transfer = Transfer(
      method: order.method,
      url: order.url.description,
      port: order.url.port,
      authorities: authorities,
      timeout: .nanoseconds(left),
      limits: Transfer.Limits(bodyBytes: order.limit)
    )
    transfer.headers = order.headers
    transfer.body = order.body
    if !order.headers.contains(where: { $0.name.lowercased() == "user-agent" }) {
      transfer.headers.append(Transfer.Header("User-Agent", userAgent))
    }
    do {
      return try await transfers.perform(transfer, over: connection.release(), into: receiver)
    } catch let error as CURLError {
      throw FetchError(error, of: order, authorities: authorities)
    } catch {
      throw FetchError("\(order.place): \(error)")
    }
  }

  private func dial(_ order: FetchOrder) async throws(FetchError) -> Connection {
    do {
      try await dials.enter()
    } catch {
      throw FetchError("\(order.place): the service stopped before a connection was made")
    }
    defer { dials.leave() }
    do throws(HostError) {
      return try await context.dial(order.url.host, port: order.url.port)
    } catch {
      throw FetchError("\(order.place): \(error.message)")
    }
  }

  private func answer(_ order: FetchOrder, _ head: ResponseHead, _ receiver: BodyReceiver) throws(FetchError) -> JSON {
    var answer: JSONObject = [
      "status": .int(Int64(head.status)), "url": .string(order.url.description),
      "headers": BodyReceiver.json(head.headers),
    ]
    switch receiver.content {
    case .text(let text): answer["body"] = .string(text)
    case .base64(let text): answer["body_base64"] = .string(text)
    case .blob(let written):
      try blobs.keep(written, for: order.scope)
      context.metrics.set("blob_bytes", Double(blobs.size))
      answer["blob"] = [
        "sha256": .string(written.sha256), "size": .int(Int64(written.size)),
        "content_type": .string(String((head.value(of: "content-type") ?? "").prefix(256))),
      ]
    }
    return .object(answer)
  }

  private func read(_ envelope: Envelope) throws(FetchError) -> [UInt8] {
    guard let payload = try? JSON.parse(envelope.payload), let sha256 = payload["sha256"]?.stringValue,
      let offset = payload["offset"]?.intValue, offset >= 0, let length = payload["length"]?.intValue,
      (1...Self.pieceMax).contains(length)
    else {
      throw FetchError("payload: expected sha256, offset from 0 and length from 1 to \(Self.pieceMax)")
    }
    let scope = BlobScope(provider: envelope.provider, tenant: envelope.tenant)
    return try blobs.read(sha256, of: scope, at: offset, count: Int(length))
  }

  /// Writes down what was fetched or not, and from where; never more of the URL.
  private func record(_ what: String, _ order: FetchOrder, _ began: Int64, _ result: JSONObject) {
    let elapsed = context.clock.now.nanoseconds - began
    context.metrics.add("fetches_total")
    context.metrics.observe("fetch_seconds", Double(elapsed) / 1e9)
    var fields: JSONObject = [
      "requester": .string(order.requester), "method": .string(order.method), "host": .string(order.url.host),
      "ms": .int(elapsed / 1_000_000),
    ]
    for (key, value) in result { fields[key] = value }
    context.log.info(what, fields)
  }
}
