internal import Envelope

/// What was answered to a fetch.
public struct FetchResponse: Sendable, Hashable {
  /// What the answer holds.
  public enum Body: Sendable, Hashable {
    /// All of it.
    case bytes([UInt8])
    /// More than fits an envelope: it is with the service, to be read in pieces.
    case blob(FetchBlob)
  }

  /// The status code.
  public let status: Int
  /// Where it came from, after all redirects.
  public let url: WebURL
  /// The fields, in their order.
  public let headers: [FetchHeader]
  /// What the answer holds, decompressed.
  public let body: Body

  /// The value of the first field of a name, in whatever case.
  public func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  /// The bytes, if they came with the answer.
  public var bytes: [UInt8]? {
    if case .bytes(let bytes) = body { bytes } else { nil }
  }
}

/// An answer that the service keeps until newer ones need the room.
public struct FetchBlob: Sendable, Hashable {
  /// The digest of the bytes, by which they are named, in hexadecimal.
  public let sha256: String
  /// How many bytes.
  public let size: Int
  /// The media type that the server gave.
  public let contentType: String
  /// Whose it is, and what was fetched: nobody else may read it.
  let scope: FetchScope
  let resource: String
}

/// The tenant for which something is fetched.
struct FetchScope: Sendable, Hashable {
  let provider: String
  let tenant: String

  func topic(_ name: String) -> String { "promethean.p.\(provider).t.\(tenant).http.\(name)" }
}

extension FetchResponse {
  /// Reads the service's answer; nil if it is none.
  init?(_ json: JSON, of resource: String, url: WebURL, scope: FetchScope) {
    guard let status = json["status"]?.intValue, let list = json["headers"]?.arrayValue else { return nil }
    self.status = Int(clamping: status)
    self.url = url
    let headers = list.compactMap { pair -> FetchHeader? in
      guard let words = pair.arrayValue, words.count == 2 else { return nil }
      return FetchHeader(words[0].stringValue ?? "", words[1].stringValue ?? "")
    }
    self.headers = headers
    if let text = json["body"]?.stringValue {
      body = .bytes(Array(text.utf8))
    } else if let bytes = json["body_base64"]?.stringValue.flatMap(Base64.decode) {
      body = .bytes(bytes)
    } else if let blob = json["blob"], let sha256 = blob["sha256"]?.stringValue, let size = blob["size"]?.intValue {
      let contentType = blob["content_type"]?.stringValue ?? ""
      body = .blob(
        FetchBlob(
          sha256: sha256,
          size: Int(clamping: size),
          contentType: contentType,
          scope: scope,
          resource: resource
        )
      )
    } else {
      return nil
    }
  }

  /// Where the answer sends on to; nil if it does not.
  ///
  /// - Throws: A `HostError` if it sends to where no request may follow.
  func redirect() throws(HostError) -> WebURL? {
    guard [301, 302, 303, 307, 308].contains(status), let location = header("location") else { return nil }
    guard let next = url.resolving(location) else {
      throw HostError(.denied, "fetch: \(url.origin) redirects to what is no http or https URL without a user")
    }
    guard next.isSecure || !url.isSecure else {
      throw HostError(.denied, "fetch: \(url.origin) redirects from https to \(next.origin)")
    }
    return next
  }
}
