internal import CURL
internal import Glibc
public import PluginKit

/// Sends requests over connections that the host makes and that are kept for the next: one handshake serves many.
///
/// What it says of a URL is scheme, host and port: in the path there may be a webhook's token.
@PluginActor
public final class HTTPTransfers: HTTPSending {
  /// Bytes of an answer's body: ten times a page of the longest lists that APIs give.
  static let bodyMax = 16 << 20
  /// Requests that are under way at once, and so connections: enough for 50 a second where each takes half a second, and
  /// few enough that each connection serves many.
  public nonisolated static let atOnce = 32
  /// Connections that are being made at once; the host makes 16 for one instance, and streams need some.
  private static let dialsMax = 8

  private let context: Context
  private let authorities: String
  private let transfers: TransferThread
  private let requests: ConcurrencyLimit
  private let dials = ConcurrencyLimit(dialsMax)

  /// Starts the thread; the API's certificate is checked against those of the authorities in a file.
  ///
  /// - Throws: When there can be no thread, or the file cannot be read.
  public init(context: Context, authorities: String, atOnce: Int = HTTPTransfers.atOnce) throws {
    (self.context, self.authorities) = (context, authorities)
    requests = ConcurrencyLimit(atOnce)
    guard unsafe access(authorities, R_OK) == 0 else {
      let reason = unsafe String(cString: strerror(errno))
      throw ProviderError(
        "config.ca_file: expected a file within a grant of fs.read, found \(authorities): \(reason)"
      )
    }
    transfers = try TransferThread()
  }

  /// Ends what is under way, and the thread.
  public func stop() {
    transfers.stop()
  }

  /// Sends a request over an idle connection, or else over a new one.
  public func send(_ request: HTTPRequest, until deadline: Int64) async throws(RESTFailure) -> RESTAnswer {
    guard let url = WebURL(request.url) else {
      throw .unreachable("the URL: expected http:// or https:// and what ASCII can print, found something else")
    }
    do { try await requests.enter() } catch { throw .cancelled }
    defer { requests.leave() }
    // One that is idle, if there is one: where there is none, nothing is sent.
    if let answer = try await transfer(request, url, over: nil, until: deadline) { return answer }
    let answer = try await transfer(request, url, over: dial(url), until: deadline)
    guard let answer else { throw .unreachable("\(url.origin): expected the connection to be used, found it unused") }
    return answer
  }

  /// A new connection.
  private func dial(_ url: WebURL) async throws(RESTFailure) -> Int32 {
    do { try await dials.enter() } catch { throw .cancelled }
    defer { dials.leave() }
    do throws(HostError) {
      return try await context.dial(url.host, port: url.port).release()
    } catch {
      throw error.kind == .cancelled ? .cancelled : .unreachable("\(url.origin): \(error.message)")
    }
  }

  /// The answer; nil if it needs a connection.
  private func transfer(
    _ request: HTTPRequest,
    _ url: WebURL,
    over descriptor: Int32?,
    until deadline: Int64
  ) async throws(RESTFailure) -> RESTAnswer? {
    let left = deadline - context.clock.now.nanoseconds
    guard left > 0 else {
      if let descriptor { close(descriptor) }
      throw .deadline("\(url.origin): expected to be sent in time, found the deadline passed")
    }
    var transfer = Transfer(
      method: request.method,
      url: url.description,
      port: url.port,
      authorities: authorities,
      timeout: .nanoseconds(left),
      limits: Transfer.Limits(bodyBytes: Self.bodyMax)
    )
    transfer.isKept = true
    transfer.headers = request.headers.map { Transfer.Header($0.name, $0.value) }
    // A length is asked for where a body is usual, also of an empty one.
    let isBare = request.body.isEmpty && ["GET", "HEAD", "DELETE"].contains(request.method)
    transfer.body = isBare ? nil : request.body
    let receiver = HTTPBody()
    do {
      let head = try await transfers.perform(transfer, over: descriptor, into: receiver)
      let headers = head.headers.map { (name: $0.name.lowercased(), value: $0.value) }
      return RESTAnswer(status: head.status, headers: headers, body: receiver.bytes)
    } catch let error as CURLError {
      if error.kind == .needsConnection, descriptor == nil { return nil }
      throw RESTFailure(error, of: url, authorities: authorities)
    } catch {
      throw .unknown("\(url.origin): \(error)")
    }
  }
}

/// Takes a body into memory.
private final class HTTPBody: TransferReceiver, @unchecked Sendable {
  // Unchecked: of the thread of the transfers until the transfer has ended, and then of whoever waited for it.

  private(set) var bytes: [UInt8] = []

  func begin(_ head: ResponseHead) -> Bool { true }

  func receive(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes.append(contentsOf: bytes) }

  func finish() {}
}

extension RESTFailure {
  /// What went wrong under way, with what was expected.
  init(_ error: CURLError, of url: WebURL, authorities: String) {
    let expected: String? =
      switch error.kind {
      case .certificate: "a certificate for \(url.host), valid now, of an authority in \(authorities)"
      case .encryption: "TLS 1.2 or later"
      case .timeout: "an answer in time"
      case .connection: "an answer to the end"
      case .malformed: "an answer by the rules of HTTP"
      case .tooLarge, .headTooLarge, .needsConnection, .cancelled, .other: nil
      }
    let words = "\(url.origin): " + (expected.map { "expected \($0), found: \(error)" } ?? "\(error)")
    self =
      switch error.kind {
      case .cancelled: .cancelled
      case _ where error.isSent: .unknown("\(words); it may or may not have been done")
      case .timeout: .deadline(words)
      default: .unreachable(words)
      }
  }
}
