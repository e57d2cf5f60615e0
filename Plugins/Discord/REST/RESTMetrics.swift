internal import PluginKit

/// Who counts calls.
@PluginActor
protocol RESTMetrics: AnyObject {
  /// A call was answered, so many seconds after it was sent.
  ///
  /// `route` is its method and template, `bucket` what Discord calls its bucket, empty where it has none.
  func answered(route: String, bucket: String, status: Int, seconds: Double)
  /// A call waited before it was sent.
  func waited(route: String, seconds: Double)
  /// A limit was run into.
  func limited(route: String, bucket: String, scope: String)
  /// A call was tried again.
  func retried(route: String)
  /// A call ended without an answer.
  func failed(route: String, reason: String)
  /// How many calls wait now, and how many answers count towards a ban.
  func measured(waiting: Int, invalid: Int)
}

/// The host's metrics, by route and bucket.
///
/// A route is named once Discord has answered it well: paths that a worker makes up do not make series.
@PluginActor
final class HostRESTMetrics: RESTMetrics {
  /// How many routes are told apart; Discord documents about 250.
  private static let routesMax = 300

  private let metrics: Metrics
  private var routes: Set<String> = []

  init(_ metrics: Metrics) {
    self.metrics = metrics
  }

  func answered(route: String, bucket: String, status: Int, seconds: Double) {
    if status < 300, routes.count < Self.routesMax { routes.insert(route) }
    metrics.add(
      "rest_answers_total",
      labels: ["route": name(route), "bucket": bucket, "status": "\(status)"]
    )
    metrics.observe("rest_seconds", labels: ["route": name(route)], seconds)
  }

  func waited(route: String, seconds: Double) {
    metrics.observe("rest_wait_seconds", labels: ["route": name(route)], seconds)
  }

  func limited(route: String, bucket: String, scope: String) {
    metrics.add(
      "rest_limited_total",
      labels: ["route": name(route), "bucket": bucket, "scope": scope]
    )
  }

  func retried(route: String) { metrics.add("rest_retries_total", labels: ["route": name(route)]) }

  func failed(route: String, reason: String) {
    metrics.add("rest_failures_total", labels: ["route": name(route), "reason": reason])
  }

  func measured(waiting: Int, invalid: Int) {
    metrics.set("rest_waiting", Double(waiting))
    metrics.set("rest_invalid", Double(invalid))
  }

  private func name(_ route: String) -> String { routes.contains(route) ? route : "other" }
}
