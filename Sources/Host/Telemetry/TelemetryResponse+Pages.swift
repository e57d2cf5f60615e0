internal import Envelope

extension TelemetryResponse {
  /// The page that Prometheus scrapes.
  package static func metrics(_ metrics: Metrics) -> TelemetryResponse {
    TelemetryResponse(contentType: MetricText.contentType, body: metrics.expose().bytes)
  }

  /// The page that a health check asks for: 200 if nothing stands against it, else 503 and the reasons.
  package static func health(reasons: [String]) -> TelemetryResponse {
    let page: JSON = [
      "status": reasons.isEmpty ? "ok" : "unavailable", "reasons": .array(reasons.map { .string($0) }),
    ]
    let status: UInt32 = reasons.isEmpty ? 200 : 503
    return TelemetryResponse(status: status, contentType: "application/json", body: page.bytes() + Array("\n".utf8))
  }
}

extension TelemetryServer {
  /// Starts the server with the host's three pages.
  ///
  /// - Parameters:
  ///   - port: The port; 0 leaves the choice to the kernel.
  ///   - metrics: What `/metrics` shows.
  ///   - unhealthy: Why the host itself cannot go on; asked for by `/healthz`.
  ///   - unready: What is not up yet, or no more; asked for by `/readyz`.
  /// - Throws: `TelemetryError` if the port is taken or the threads cannot be started.
  package convenience init(
    port: UInt16,
    metrics: Metrics,
    unhealthy: @escaping @Sendable () -> [String],
    unready: @escaping @Sendable () -> [String]
  ) throws(TelemetryError) {
    try self.init(
      port: port,
      pages: [
        "/metrics": { .metrics(metrics) },
        "/healthz": { .health(reasons: unhealthy()) },
        "/readyz": { .health(reasons: unready()) },
      ]
    )
  }
}
