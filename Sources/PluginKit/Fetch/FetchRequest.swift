internal import Envelope

/// A field of a request or an answer.
public struct FetchHeader: Sendable, Hashable {
  /// The name, as it was written.
  public let name: String
  /// The value.
  public let value: String

  /// A field of a name and a value.
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// Something to be fetched from the web by the Fetch service.
public struct FetchRequest: Sendable, Hashable {
  /// `GET`, `HEAD`, `POST`, `PUT`, `PATCH` or `DELETE`.
  public var method: String
  /// The URL, http or https.
  public var url: String
  /// Fields beyond those that the service writes itself.
  public var headers: [FetchHeader]
  /// What is sent; nil: nothing.
  public var body: [UInt8]?
  /// How long it may take with all its redirects; nil: as long as the envelope that is being handled.
  public var timeout: Duration?
  /// How many redirects are followed; 0: a redirect is an answer like any other.
  public var redirectsMax: Int

  /// A request for a URL.
  public init(
    _ method: String = "GET",
    _ url: String,
    headers: [FetchHeader] = [],
    body: [UInt8]? = nil,
    timeout: Duration? = nil,
    redirectsMax: Int = 10
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
    self.redirectsMax = redirectsMax
  }
}

extension FetchRequest {
  /// Fields that speak for the requester to one origin and no other.
  private static let credentials: Set<String> = ["authorization", "cookie", "proxy-authorization"]

  /// The payload of the request to the service.
  var payload: JSON {
    var object: JSONObject = ["headers": .array(headers.map { [.string($0.name), .string($0.value)] })]
    if let body {
      if let text = String(validating: body, as: UTF8.self) {
        object["body"] = .string(text)
      } else {
        object["body_base64"] = .string(Base64.encode(body))
      }
    }
    return .object(object)
  }

  /// The request that follows a redirect, after RFC 9110, section 15.4.
  func redirected(_ status: Int, from: WebURL, to: WebURL) -> FetchRequest {
    var next = self
    let becomesGet = status == 303 && method != "HEAD" || [301, 302].contains(status) && method == "POST"
    if becomesGet {
      next.method = "GET"
      next.body = nil
      next.headers.removeAll { $0.name.lowercased().hasPrefix("content-") }
    }
    if from.origin != to.origin {
      next.headers.removeAll { Self.credentials.contains($0.name.lowercased()) }
    }
    return next
  }
}
