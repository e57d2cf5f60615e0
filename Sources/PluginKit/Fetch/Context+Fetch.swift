internal import Envelope

extension Context {
  /// The most bytes of a blob that are read at once.
  public nonisolated static let blobPieceMax = 32 << 10

  /// Has something fetched from the web, by the grant `http.fetch`.
  ///
  /// The service follows no redirect: each is another request, checked against the grants like the first. From
  /// https none leads to http, and credentials are not carried to another origin.
  ///
  /// - Parameters:
  ///   - request: What to fetch.
  ///   - provider: With `tenant`, for whom; by default whose envelope is being handled, or the instance's own.
  ///   - tenant: See `provider`.
  /// - Returns: The answer, whatever its status.
  /// - Throws: A `HostError` if it was denied, or there is no answer.
  public func fetch(
    _ request: FetchRequest,
    provider: String? = nil,
    tenant: String? = nil
  ) async throws(HostError) -> FetchResponse {
    let scope = FetchScope(
      provider: provider ?? Deliveries.cause?.provider ?? self.provider,
      tenant: tenant ?? Deliveries.cause?.tenant ?? self.tenant
    )
    guard var url = WebURL(request.url) else {
      throw HostError(.invalid, "fetch: expected an http or https URL of printable ASCII without a user")
    }
    let deadline = request.timeout.map { clock.now.nanoseconds.addingSaturated($0.nanoseconds) } ?? 0
    var hop = request
    for _ in 0...max(0, request.redirectsMax) {
      let response = try await exchange(hop, url, scope, deadline: deadline)
      let next: WebURL?
      do throws(HostError) {
        next = request.redirectsMax > 0 ? try response.redirect() : nil
      } catch {
        log.warning(error.message)
        throw error
      }
      guard let next else { return response }
      hop = hop.redirected(response.status, from: url, to: next)
      url = next
    }
    throw HostError(
      .failed,
      "fetch: expected at most \(request.redirectsMax) redirects, found one more to \(url.origin)"
    )
  }

  /// Reads a piece of a blob; less than was asked for, or nothing, at its end.
  public func read(
    _ blob: FetchBlob,
    at offset: Int,
    count: Int = blobPieceMax
  ) async throws(HostError) -> [UInt8] {
    var envelope = Envelope(topic: blob.scope.topic("fetch.read"), intent: "fetch.read")
    envelope.resource = blob.resource
    let wanted = min(count, Self.blobPieceMax)
    let payload: JSON = ["sha256": .string(blob.sha256), "offset": .int(Int64(offset)), "length": .int(Int64(wanted))]
    envelope.payload = payload.bytes()
    return try await self.request(envelope).payload
  }

  /// All bytes of an answer, wherever they are.
  public func bytes(of response: FetchResponse) async throws(HostError) -> [UInt8] {
    let blob: FetchBlob
    switch response.body {
    case .bytes(let bytes): return bytes
    case .blob(let found): blob = found
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(blob.size)
    while bytes.count < blob.size {
      let piece = try await read(blob, at: bytes.count)
      guard !piece.isEmpty else {
        throw HostError(.failed, "blob \(blob.sha256): expected \(blob.size) bytes, found \(bytes.count)")
      }
      bytes += piece
    }
    return bytes
  }

  /// Asks the service for one hop.
  private func exchange(
    _ request: FetchRequest,
    _ url: WebURL,
    _ scope: FetchScope,
    deadline: Int64
  ) async throws(HostError) -> FetchResponse {
    var envelope = Envelope(topic: scope.topic("fetch"), intent: "fetch", payload: request.payload.bytes())
    envelope.resource = "\(request.method) \(url)"
    envelope.deadline = deadline
    let answer = try await self.request(envelope)
    guard let json = try? JSON.parse(answer.payload),
      let response = FetchResponse(json, of: envelope.resource, url: url, scope: scope)
    else { throw HostError(.failed, "fetch: \(url.origin): expected an answer of the Fetch service, found another") }
    return response
  }
}
