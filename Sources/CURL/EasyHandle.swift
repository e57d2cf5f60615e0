internal import CCURL
internal import Glibc

/// A handle of libcurl's with all that it needs for as long as it is one: options, lists, words, and its connection.
///
/// Made by whoever asks, and from then on of the thread that it is used on.
@safe
final class EasyHandle {
  /// What becomes of a connection.
  enum Use {
    /// It is made for this handle, and closed after it.
    case once
    /// It may be one that another handle has left, and is left to the next.
    case kept
  }

  /// What libcurl knows it by.
  let pointer: UnsafeMutableRawPointer
  /// Whether libcurl wanted to connect when there was no connection left to give it.
  private(set) var wantedConnection = false
  /// The lists that libcurl reads for as long as it has them.
  private var lists: [UnsafeMutablePointer<curl_slist>] = unsafe []
  private let errors: UnsafeMutablePointer<CChar>
  /// The connection, until libcurl takes it; -1: there is none.
  private var descriptor: Int32

  /// Makes a handle; the connection, if there is one, is its own from here on.
  init(connection: Int32?) throws(CURLError) {
    descriptor = connection ?? -1
    unsafe errors = .allocate(capacity: Int(CURL_ERROR_SIZE))
    unsafe errors.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    guard let pointer = unsafe curl_easy_init() else {
      if let connection { close(connection) }
      unsafe errors.deallocate()
      throw CURLError(.other, "no memory for a transfer")
    }
    unsafe self.pointer = unsafe pointer
    try check(unsafe ccurl_set_errors(pointer, errors))
  }

  deinit {
    unsafe curl_easy_cleanup(pointer)
    unsafe lists.forEach { unsafe curl_slist_free_all($0) }
    unsafe errors.deallocate()
    if descriptor >= 0 { close(descriptor) }
  }

  /// How it failed, in libcurl's words.
  func error(_ code: CURLcode) -> CURLError { CURLError(code, message: unsafe String(cString: errors)) }

  // MARK: - Options

  /// Has libcurl use connections that somebody else has made, and nothing but HTTP/1.1 on them.
  func setUpConnection(port: UInt16, use: Use) throws(CURLError) {
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    try check(
      unsafe ccurl_set_connection(pointer, takeConnection, { _, _, _ in CURL_SOCKOPT_ALREADY_CONNECTED }, context)
    )
    // Every name leads to an address that is not used, so that none is looked up.
    try set(CURLOPT_RESOLVE, list: ["*:\(port):127.0.0.1"])
    // Whoever has made one means it to be used.
    try set(CURLOPT_FRESH_CONNECT, use == .once || descriptor >= 0 ? 1 : 0)
    try set(CURLOPT_FORBID_REUSE, use == .once ? 1 : 0)
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

  /// Has libcurl check certificates against those in a file.
  func setUpTrust(authorities: String) throws(CURLError) {
    try set(CURLOPT_SSL_VERIFYPEER, 1)
    try set(CURLOPT_SSL_VERIFYHOST, 2)
    try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    try set(CURLOPT_CAINFO, authorities)
    try check(unsafe ccurl_set_text(pointer, CURLOPT_CAPATH, nil))
    // A session taken up again would tell a server that two requesters share this process.
    try set(CURLOPT_SSL_SESSIONID_CACHE, 0)
  }

  func set(_ option: CURLoption, _ value: Int) throws(CURLError) {
    try check(unsafe ccurl_set_number(pointer, option, value))
  }

  func set(_ option: CURLoption, size: Int) throws(CURLError) {
    try check(unsafe ccurl_set_size(pointer, option, curl_off_t(size)))
  }

  func set(_ option: CURLoption, _ value: String) throws(CURLError) {
    try check(unsafe ccurl_set_text(pointer, option, value))
  }

  func set(_ option: CURLoption, list lines: [String]) throws(CURLError) {
    var list: UnsafeMutablePointer<curl_slist>?
    for line in lines { unsafe list = unsafe curl_slist_append(list, line) }
    if let list = unsafe list { unsafe lists.append(list) }
    try check(unsafe ccurl_set_list(pointer, option, list))
  }

  func check(_ code: CURLcode) throws(CURLError) {
    if code != CURLE_OK { throw CURLError(code, message: "") }
  }

  fileprivate func takeDescriptor() -> curl_socket_t {
    defer { descriptor = -1 }
    wantedConnection = descriptor < 0
    return descriptor
  }
}

private func takeConnection(
  _ context: UnsafeMutableRawPointer?,
  _: curlsocktype,
  _: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
  guard let context = unsafe context else { return CURL_SOCKET_BAD }
  return unsafe Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue().takeDescriptor()
}
