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

  /// What libcurl has of it.
  let easy: EasyHandle
  /// Whether it is to end.
  let isCancelled = Atomic(false)
  private let receiver: any TransferReceiver
  private let limits: Transfer.Limits
  private let completion: Completion

  /// Whether the request may have reached the other side.
  private var isSent = false
  private var head: ResponseHead?
  /// Whether the head is complete: what follows are lines behind the body.
  private var isHeadComplete = false
  private var isBodyWanted = true
  private var headBytes = 0
  private var headLines = 0
  private var bodyBytes = 0
  /// Why it was ended from this side.
  private var failure: (any Error)?

  /// Makes a transfer; the descriptor, if there is one, is its own from here on.
  init(
    _ transfer: Transfer,
    descriptor: Int32?,
    receiver: any TransferReceiver,
    completion: @escaping Completion
  ) throws(CURLError) {
    self.receiver = receiver
    self.completion = completion
    limits = transfer.limits
    easy = try EasyHandle(connection: descriptor)
    try setUp(transfer)
  }

  /// Tells whoever waits how it ended.
  func complete(_ code: CURLcode) {
    if let failure { return completion(.failure(failure)) }
    // One that needs no more is broken off, which libcurl takes for a failure.
    guard code == CURLE_OK || !isBodyWanted else { return completion(.failure(error(code))) }
    guard let head else { return completion(.failure(error(.malformed, "expected a head, found none"))) }
    do {
      try receiver.finish()
      completion(.success(head))
    } catch {
      completion(.failure(error))
    }
  }

  func cancel() {
    completion(.failure(error(.cancelled, "the transfer was cancelled")))
  }

  private func error(_ code: CURLcode) -> CURLError {
    if easy.wantedConnection, !isSent {
      return error(.needsConnection, "expected a connection that is idle, or a new one, found none")
    }
    if easy.wantedConnection || code == CURLE_ABORTED_BY_CALLBACK {
      return error(.connection, "the other side closed the connection before it answered")
    }
    if code == CURLE_OUT_OF_MEMORY, !isHeadComplete {
      // What libcurl says of a line that is longer than it takes, whatever its limit was.
      return error(.headTooLarge, "the head: expected shorter lines, found one of over 100 KiB")
    }
    var error = easy.error(code)
    error.isSent = isSent
    return error
  }

  private func error(_ kind: CURLError.Kind, _ message: String) -> CURLError {
    var error = CURLError(kind, message)
    error.isSent = isSent
    return error
  }

  // MARK: - Options

  private func setUp(_ transfer: Transfer) throws(CURLError) {
    try easy.setUpConnection(port: transfer.port, use: transfer.isKept ? .kept : .once)
    try easy.setUpTrust(authorities: transfer.authorities)
    try easy.set(CURLOPT_MAXAGE_CONN, Transfer.idleSecondsMax)
    try easy.set(CURLOPT_URL, transfer.url)
    switch transfer.method {
    case "GET": try easy.set(CURLOPT_HTTPGET, 1)
    case "HEAD": try easy.set(CURLOPT_NOBODY, 1)
    default: try easy.set(CURLOPT_CUSTOMREQUEST, transfer.method)
    }
    if let body = transfer.body {
      try easy.set(CURLOPT_POSTFIELDSIZE_LARGE, size: body.count)
      // As many bytes are copied as were said above; an end makes it some bytes in any case.
      let bytes = (body + [0]).map { CChar(bitPattern: $0) }
      try easy.check(unsafe ccurl_set_text(easy.pointer, CURLOPT_COPYPOSTFIELDS, bytes))
    }
    var lines = transfer.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
    // What libcurl would say of its own and nobody has asked for.
    let said = Set(transfer.headers.map { $0.name.lowercased() })
    lines += ["Content-Type", "Expect"].filter { !said.contains($0.lowercased()) }.map { "\($0):" }
    try easy.set(CURLOPT_HTTPHEADER, list: lines)
    // Empty: all that this libcurl can decompress.
    try easy.set(CURLOPT_ACCEPT_ENCODING, "")
    // A length that is announced is enough to refuse a body; of a HEAD there is none.
    if transfer.method != "HEAD" { try easy.set(CURLOPT_MAXFILESIZE_LARGE, size: transfer.limits.bodyBytes) }
    // 0 would be no timeout.
    try easy.set(CURLOPT_TIMEOUT_MS, max(1, Int(transfer.timeout / .milliseconds(1))))
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    try easy.check(unsafe ccurl_set_receiver(easy.pointer, receiveLine, receiveBody, context))
    try easy.check(unsafe ccurl_set_sender(easy.pointer, beginSending, context))
  }
}

// MARK: - What comes

extension TransferHandle {
  /// Hears that the request is about to be sent; false ends the transfer.
  ///
  /// libcurl sends it again, over another connection, where one that was idle breaks before an answer: whoever has asked
  /// for it knows whether that may be.
  fileprivate func send() -> Bool {
    defer { isSent = true }
    return !isSent
  }

  /// Takes a line of a head, or one behind the body; false ends the transfer.
  fileprivate func take(line bytes: UnsafeRawBufferPointer) -> Bool {
    headLines += 1
    headBytes += bytes.count
    return attempt {
      guard headLines <= limits.headLines else {
        throw error(.headTooLarge, "the head: expected at most \(limits.headLines) lines, found more")
      }
      guard headBytes <= limits.headBytes else {
        throw error(.headTooLarge, "the head: expected at most \(limits.headBytes) bytes, found more")
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
        throw error(.tooLarge, "the body: expected at most \(limits.bodyBytes) bytes, found more")
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

private func beginSending(
  _ context: UnsafeMutableRawPointer?,
  _: UnsafeMutablePointer<CChar>?,
  _: UnsafeMutablePointer<CChar>?,
  _: Int32,
  _: Int32
) -> Int32 {
  let isSent = unsafe handle(context)?.send() ?? false
  return isSent ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}
