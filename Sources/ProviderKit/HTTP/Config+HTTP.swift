public import PluginKit

extension Config {
  /// The URL that paths of an API stand behind, without a slash at its end.
  public func baseURL(_ key: String, default fallback: String) throws -> String {
    var url = try string(key, default: fallback)
    while url.hasSuffix("/") { url.removeLast() }
    guard WebURL(url) != nil else {
      throw ProviderError("config.\(key): expected a URL such as \(fallback), found \"\(url)\"")
    }
    return url
  }

  /// The file of the authorities that servers' certificates are checked against: `ca_file`, or else Debian's.
  public func authorities() throws -> String {
    let file = try string("ca_file", default: "/etc/ssl/certs/ca-certificates.crt")
    guard file.hasPrefix("/") else {
      throw ProviderError("config.ca_file: expected an absolute path, found \"\(file)\"")
    }
    return file
  }
}
