/// One request over one connection, and how far its answer may go.
package struct Transfer: Sendable {
  /// What the answer may take; beyond it the transfer is ended with an error.
  package struct Limits: Sendable {
    /// Bytes of the body, once decompressed.
    package var bodyBytes: Int
    /// Bytes of all lines before and behind the body, those of interim answers too.
    package var headBytes: Int
    /// How many lines.
    package var headLines: Int

    /// Limits of a body, and of a head as browsers and proxies have them.
    package init(bodyBytes: Int, headBytes: Int = 32 << 10, headLines: Int = 128) {
      self.bodyBytes = bodyBytes
      self.headBytes = headBytes
      self.headLines = headLines
    }
  }

  /// A line of a head.
  package struct Header: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// How long a connection that is kept may be idle, s: less than servers wait before they close it.
  static let idleSecondsMax = 50

  /// The method, in upper case.
  package var method: String
  /// The whole URL, http or https.
  package var url: String
  /// The port that the URL names or stands for.
  package var port: UInt16
  /// What is said beyond what libcurl says itself.
  package var headers: [Header] = []
  /// What is sent; nil: nothing, and no length of it either.
  package var body: [UInt8]?
  /// The file of the certificates that others are checked against.
  package var authorities: String
  /// Whether its connection may be one that an earlier transfer to the same place has left, and is left to later ones;
  /// so that a server can tell that they have one requester.
  package var isKept = false
  /// How long all of it may take.
  package var timeout: Duration
  package var limits: Limits

  package init(
    method: String,
    url: String,
    port: UInt16,
    authorities: String,
    timeout: Duration,
    limits: Limits
  ) {
    self.method = method
    self.url = url
    self.port = port
    self.authorities = authorities
    self.timeout = timeout
    self.limits = limits
  }
}

/// How an answer begins.
package struct ResponseHead: Sendable, Hashable {
  /// The status code.
  package var status: Int
  /// The fields in their order, their names as the server wrote them.
  package var headers: [Transfer.Header] = []

  /// The value of the first field of a name, in whatever case it was written.
  package func value(of name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  /// Reads a status line, `HTTP/1.1 200 OK`.
  init?(statusLine line: Substring) {
    let words = line.split(separator: " ", maxSplits: 2)
    guard line.hasPrefix("HTTP/"), words.count >= 2, let status = Int(words[1]), (100...999).contains(status) else {
      return nil
    }
    self.status = status
  }

  /// Adds a field; a line that is none is left out.
  mutating func add(line: Substring) {
    guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else { return }
    let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
    let end = value.lastIndex { $0 != " " && $0 != "\t" }
    headers.append(Transfer.Header(String(line[..<colon]), end.map { String(value[...$0]) } ?? ""))
  }
}

/// Who takes an answer as it comes, on the thread of the transfers.
///
/// What is thrown ends the transfer, and is what whoever waits for it gets.
package protocol TransferReceiver: AnyObject, Sendable {
  /// Hears how the answer begins, once.
  ///
  /// - Returns: Whether the body is wanted; if not, the transfer ends well here.
  func begin(_ head: ResponseHead) throws -> Bool

  /// Takes the next bytes of the body, decompressed.
  func receive(_ bytes: UnsafeRawBufferPointer) throws

  /// Hears that all has come.
  func finish() throws
}
