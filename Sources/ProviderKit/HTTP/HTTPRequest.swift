public import PluginKit

/// A request as it goes over the wire.
public struct HTTPRequest: Sendable {
  /// In upper case.
  public var method: String
  /// The whole URL.
  public var url: String
  /// The fields of the head.
  public var headers: [(name: String, value: String)]
  /// The body; empty: none.
  public var body: [UInt8]

  /// Creates a request.
  public init(method: String, url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
    (self.method, self.url, self.headers, self.body) = (method, url, headers, body)
  }
}

/// What an API answered.
public struct RESTAnswer: Sendable {
  /// The status of the head, such as 200.
  public var status: Int
  /// The fields of the head; names in lower case.
  public var headers: [(name: String, value: String)]
  /// The body.
  public var body: [UInt8]

  /// Creates an answer.
  public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
    (self.status, self.headers, self.body) = (status, headers, body)
  }

  /// The first field of a name in lower case.
  public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

  /// Whether the API itself was in trouble, which passes: 500, 502, 503 or 504.
  public var isTrouble: Bool { [500, 502, 503, 504].contains(status) }
}

/// Sends one request over a connection and returns what comes back; knows nothing of limits.
@PluginActor
public protocol HTTPSending: AnyObject {
  /// Sends a request, and waits for the answer no longer than to a moment in nanoseconds since 1970.
  ///
  /// - Throws: `.unreachable` if it was not sent, `.unknown` if it may have been, `.deadline`, `.cancelled`.
  func send(_ request: HTTPRequest, until deadline: Int64) async throws(RESTFailure) -> RESTAnswer
}
