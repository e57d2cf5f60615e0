internal import CCURL
internal import Glibc
internal import Synchronization

/// One transfer as libcurl has it: its options, its connection, and what has come so far.
///
/// Made by whoever asks, and from then on of the thread of the transfers.
@safe
final class TransferHandle: @unchecked Sendable {
  // Unchecked: it is handed over under a lock, and `isCancelled` is all that is touched from elsewhere afterwards.

  typealias Completion = @Sendable (Result<ResponseHead, any Error>) -> Void

  /// What libcurl knows it by.
  let easy: UnsafeMutableRawPointer
  /// Whether it is to end.
  let isCancelled = Atomic(false)
  private let receiver: any TransferReceiver
  private let limits: Transfer.Limits
  private let completion: Completion
  /// The lists that libcurl reads for as long as it has them.
  private var lists: [UnsafeMutablePointer<curl_slist>] = unsafe []
  private let errors: UnsafeMutablePointer<CChar>
  /// The connection, until libcurl takes it.
  private var descriptor: Int32

  private var head: ResponseHead?
  /// Whether the head is complete: what follows are lines behind the body.
  private var isHeadComplete = false
  private var isBodyWanted = true
  private var headBytes = 0
  private var headLines = 0
  private var bodyBytes = 0
  /// Why it was ended from this side.
  private var failure: (any Error)?

  /// Makes a transfer; the descriptor is its own from here on.
  init(
    _ transfer: Transfer,
    descriptor: Int32,
    receiver: any TransferReceiver,
    completion: @escaping Completion
  ) throws(CURLError) {
    self.receiver = receiver
    self.completion = completion
    self.descriptor = descriptor
    limits = transfer.limits
    unsafe errors = .allocate(capacity: Int(CURL_ERROR_SIZE))
    unsafe errors.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    guard let easy = unsafe curl_easy_init() else {
      close(descriptor)
      unsafe errors.deallocate()
      throw CURLError(.other, "no memory for a transfer")
    }
    unsafe self.easy = unsafe easy
    try setUp(transfer)
  }

  deinit {
    unsafe curl_easy_cleanup(easy)
    unsafe lists.forEach { unsafe curl_slist_free_all($0) }
    unsafe errors.deallocate()
    if descriptor >= 0 { close(descriptor) }
  }

  /// Tells whoever waits how it ended.
  func complete(_ code: CURLcode) {
    if let failure { return completion(.failure(failure)) }
    // One that needs no more is broken off, which libcurl takes for a failure.
    guard code == CURLE_OK || !isBodyWanted else {
      if code == CURLE_OUT_OF_MEMORY, !isHeadComplete {
        // What libcurl says of a line that is longer than it takes, whatever its limit was.
        return completion(
          .failure(CURLError(.headTooLarge, "the head: expected shorter lines, found one of over 100 KiB"))
        )
      }
      return completion(.failure(CURLError(code, message: unsafe String(cString: errors))))
    }
    guard let head else { return completion(.failure(CURLError(.malformed, "expected a head, found none"))) }
    do {
      try receiver.finish()
      completion(.success(head))
    } catch {
      completion(.failure(error))
    }
  }

  func cancel() {
    completion(.failure(CURLError(.cancelled, "the transfer was cancelled")))
  }

  // MARK: - Options

  private func setUp(_ transfer: Transfer) throws(CURLError) {
    try setUpConnection(transfer)
    try setUpTrust(transfer)
    try set(CURLOPT_URL, transfer.url)
    switch transfer.method {
    case "GET": try set(CURLOPT_HTTPGET, 1)
    case "HEAD": try set(CURLOPT_NOBODY, 1)
    default: try set(CURLOPT_CUSTOMREQUEST, transfer.method)
    }
    if let body = transfer.body {
      try check(unsafe ccurl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
      // As many bytes are copied as were said above; an end makes it some bytes in any case.
      try check(unsafe ccurl_set_text(easy, CURLOPT_COPYPOSTFIELDS, (body + [0]).map { CChar(bitPattern: $0) }))
    }
    var lines = transfer.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
    // What libcurl would say of its own and nobody has asked for.
    let said = Set(transfer.headers.map { $0.name.lowercased() })
    lines += ["Content-Type", "Expect"].filter { !said.contains($0.lowercased()) }.map { "\($0):" }
    try set(CURLOPT_HTTPHEADER, list: lines)
    // Empty: all that this libcurl can decompress.
    try set(CURLOPT_ACCEPT_ENCODING, "")
    // A length that is announced is enough to refuse a body; of a HEAD there is none.
    if transfer.method != "HEAD" {
      try check(unsafe ccurl_set_size(easy, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(transfer.limits.bodyBytes)))
    }
    // 0 would be no timeout.
    try set(CURLOPT_TIMEOUT_MS, max(1, Int(transfer.timeout / .milliseconds(1))))
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    try check(unsafe ccurl_set_errors(easy, errors))
    try check(unsafe ccurl_set_receiver(easy, receiveLine, receiveBody, context))
  }

  /// One connection, made by somebody else, for this transfer alone.
  private func setUpConnection(_ transfer: Transfer) throws(CURLError) {
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    try check(unsafe ccurl_set_connection(easy, takeConnection, { _, _, _ in CURL_SOCKOPT_ALREADY_CONNECTED }, context))
    // Every name leads to an address that is not used, so that none is looked up.
    try set(CURLOPT_RESOLVE, list: ["*:\(transfer.port):127.0.0.1"])
    try set(CURLOPT_FRESH_CONNECT, 1)
    try set(CURLOPT_FORBID_REUSE, 1)
    // More streams are of no use to one transfer.
    try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    try set(CURLOPT_NOSIGNAL, 1)
    try set(CURLOPT_PROXY, "")
    try set(CURLOPT_NOPROXY, "*")
    try set(CURLOPT_NETRC, 0)
    try set(CURLOPT_FOLLOWLOCATION, 0)
    try set(CURLOPT_PROTOCOLS_STR, "http,https")
    try set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
    // What was checked is what is sent.
    try set(CURLOPT_PATH_AS_IS, 1)
  }

  private func setUpTrust(_ transfer: Transfer) throws(CURLError) {
    try set(CURLOPT_SSL_VERIFYPEER, 1)
    try set(CURLOPT_SSL_VERIFYHOST, 2)
    try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    try set(CURLOPT_CAINFO, transfer.authorities)
    try check(unsafe ccurl_set_text(easy, CURLOPT_CAPATH, nil))
    // A session taken up again would tell a server that two requesters share this process.
    try set(CURLOPT_SSL_SESSIONID_CACHE, 0)
  }

  private func set(_ option: CURLoption, _ value: Int) throws(CURLError) {
    try check(unsafe ccurl_set_number(easy, option, value))
  }

  private func set(_ option: CURLoption, _ value: String) throws(CURLError) {
    try check(unsafe ccurl_set_text(easy, option, value))
  }

  private func set(_ option: CURLoption, list lines: [String]) throws(CURLError) {
    var list: UnsafeMutablePointer<curl_slist>?
    for line in lines { unsafe list = unsafe curl_slist_append(list, line) }
    if let list = unsafe list { unsafe lists.append(list) }
    try check(unsafe ccurl_set_list(easy, option, list))
  }

  private func check(_ code: CURLcode) throws(CURLError) {
    if code != CURLE_OK { throw CURLError(code, message: "") }
  }
}

// MARK: - What comes

extension TransferHandle {
  fileprivate func takeDescriptor() -> Int32 {
    defer { descriptor = -1 }
    return descriptor
  }

  /// Takes a line of a head, or one behind the body; false ends the transfer.
  fileprivate func take(line bytes: UnsafeRawBufferPointer) -> Bool {
    headLines += 1
    headBytes += bytes.count
    return attempt {
      guard headLines <= limits.headLines else {
        throw CURLError(.headTooLarge, "the head: expected at most \(limits.headLines) lines, found more")
      }
      guard headBytes <= limits.headBytes else {
        throw CURLError(.headTooLarge, "the head: expected at most \(limits.headBytes) bytes, found more")
      }
      guard !isHeadComplete else { return true }
      let text = unsafe String(decoding: bytes, as: UTF8.self)
      // A carriage return and what follows it are one character to Swift.
      let line = text[...].prefix { !$0.isNewline }
      if line.hasPrefix("HTTP/") { head = ResponseHead(statusLine: line) } else { head?.add(line: line) }
      // An interim answer is followed by another.
      guard line.isEmpty, let head, head.status >= 200 else { return true }
      isHeadComplete = true
      isBodyWanted = try receiver.begin(head)
      return isBodyWanted
    }
  }

  /// Takes bytes of the body; false ends the transfer.
  fileprivate func take(body bytes: UnsafeRawBufferPointer) -> Bool {
    bodyBytes += bytes.count
    return attempt {
      guard bodyBytes <= limits.bodyBytes else {
        throw CURLError(.tooLarge, "the body: expected at most \(limits.bodyBytes) bytes, found more")
      }
      try unsafe receiver.receive(bytes)
      return true
    }
  }

  private func attempt(_ body: () throws -> Bool) -> Bool {
    do {
      return try body()
    } catch {
      failure = error
      return false
    }
  }
}

private func handle(_ context: UnsafeMutableRawPointer?) -> TransferHandle? {
  unsafe context.map { unsafe Unmanaged<TransferHandle>.fromOpaque($0).takeUnretainedValue() }
}

/// libcurl ends a transfer if another number is returned than it gave.
private func receiveLine(
  _ bytes: UnsafeMutablePointer<CChar>?,
  _: Int,
  _ count: Int,
  _ context: UnsafeMutableRawPointer?
)
  -> Int
{
  let isTaken = unsafe handle(context)?.take(line: UnsafeRawBufferPointer(start: bytes, count: count)) ?? false
  return isTaken ? count : count + 1
}

private func receiveBody(
  _ bytes: UnsafeMutablePointer<CChar>?,
  _: Int,
  _ count: Int,
  _ context: UnsafeMutableRawPointer?
)
  -> Int
{
  let isTaken = unsafe handle(context)?.take(body: UnsafeRawBufferPointer(start: bytes, count: count)) ?? false
  return isTaken ? count : count + 1
}

private func takeConnection(
  _ context: UnsafeMutableRawPointer?,
  _: curlsocktype,
  _: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
  unsafe handle(context)?.takeDescriptor() ?? CURL_SOCKET_BAD
}
