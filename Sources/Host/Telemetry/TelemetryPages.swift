internal import CMicrohttpd

/// What a page of the telemetry server has to say.
package struct TelemetryResponse: Sendable, Hashable {
  package var status: UInt32
  package var contentType: String
  package var body: [UInt8]
  /// The methods there are, for an answer that refuses another.
  var allow: String?

  package init(status: UInt32 = 200, contentType: String, body: [UInt8]) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  package static func text(_ status: UInt32, _ text: String) -> TelemetryResponse {
    TelemetryResponse(status: status, contentType: "text/plain; charset=utf-8", body: Array("\(text)\n".utf8))
  }
}

/// The pages of a server by path, and which of them a request gets.
final class TelemetryPages: Sendable {
  private let pages: [String: TelemetryServer.Page]

  init(_ pages: [String: TelemetryServer.Page]) {
    self.pages = pages
  }

  func respond(method: String, path: String, host: String?) -> TelemetryResponse {
    // A page in a browser could otherwise read this server under a name of its own that resolves to 127.0.0.1.
    guard host.map(Self.isLoopback) ?? true else {
      return .text(421, "this server answers to localhost and 127.0.0.1 only")
    }
    guard let page = pages[path] else {
      return .text(404, "no such page; there are: \(pages.keys.sorted().joined(separator: " "))")
    }
    guard method == "GET" || method == "HEAD" else {
      var response = TelemetryResponse.text(405, "only GET and HEAD are understood here")
      response.allow = "GET, HEAD"
      return response
    }
    return page()
  }

  /// Whether a Host header names this machine itself, whichever port comes with it.
  private static func isLoopback(_ host: String) -> Bool {
    if host == "[::1]" || host.hasPrefix("[::1]:") { return true }
    let name = host.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)[0].lowercased()
    return name == "127.0.0.1" || name == "localhost"
  }
}

/// Answers a request, on a thread of libmicrohttpd's; `context` is the `TelemetryPages`.
///
/// It is called once for the head, once for each piece of a body, and once at the end, when the answer is due:
/// answering earlier would end the connection.
let answerTelemetry: MHD_AccessHandlerCallback = { context, connection, url, method, _, _, uploadSize, state in
  guard let context = unsafe context, let connection = unsafe connection, let url = unsafe url,
    let method = unsafe method, let uploadSize = unsafe uploadSize, let state = unsafe state
  else { return .NO }
  if unsafe state.pointee == nil {
    unsafe state.pointee = context
    return .YES
  }
  if unsafe uploadSize.pointee > 0 {
    unsafe uploadSize.pointee = 0
    return .YES
  }
  let host = unsafe MHD_lookup_connection_value(connection, .HEADER_KIND, "Host")
  let response = unsafe Unmanaged<TelemetryPages>.fromOpaque(context).takeUnretainedValue().respond(
    method: String(cString: method),
    path: String(cString: url),
    host: unsafe host.map { unsafe String(cString: $0) }
  )
  return unsafe send(response, on: connection)
}

private func send(_ response: TelemetryResponse, on connection: OpaquePointer) -> MHD_Result {
  var body = response.body
  let prepared = unsafe body.withUnsafeMutableBytes { bytes in
    unsafe MHD_create_response_from_buffer(bytes.count, bytes.baseAddress, .RESPMEM_MUST_COPY)
  }
  guard let prepared = unsafe prepared else { return .NO }
  defer { unsafe MHD_destroy_response(prepared) }
  unsafe MHD_add_response_header(prepared, "Content-Type", response.contentType)
  unsafe MHD_add_response_header(prepared, "Cache-Control", "no-store")
  unsafe MHD_add_response_header(prepared, "X-Content-Type-Options", "nosniff")
  if let allow = response.allow { unsafe MHD_add_response_header(prepared, "Allow", allow) }
  return unsafe MHD_queue_response(connection, response.status, prepared)
}
