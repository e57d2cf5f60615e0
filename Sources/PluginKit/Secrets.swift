internal import PluginABI

/// The credentials of the tenant that an access instance is bound to, from `start` on.
///
/// They lie in memory that no other process can read, not even as root. Copies do not: make none that is not needed.
@PluginActor
public struct Secrets {
  let host: HostHandle

  /// Lends a credential's bytes.
  ///
  /// - Throws: A `HostError` of kind `denied` without the grant `secrets.read`, of kind `notFound` if the grant does not
  ///   name it or the tenant has none of that name.
  public func withBytes<Value>(of name: String, _ body: (Span<UInt8>) -> Value) throws(HostError) -> Value {
    guard let found = host.withSecret(name, body) else {
      throw HostError(host.hasSecrets ? .notFound : .denied, "credential \(name)")
    }
    return found
  }

  /// A copy of a credential as text, for what takes only text.
  public func text(_ name: String) throws(HostError) -> String {
    try withBytes(of: name) { bytes in
      var copy: [UInt8] = []
      copy.reserveCapacity(bytes.count)
      for index in bytes.indices { copy.append(bytes[index]) }
      return String(decoding: copy, as: UTF8.self)
    }
  }
}

extension HostHandle {
  /// Whether credentials are granted.
  var hasSecrets: Bool { secrets != nil }

  /// Lends a credential's bytes, nil if there is none of that name [main].
  func withSecret<Value>(_ name: String, _ body: (Span<UInt8>) -> Value) -> Value? {
    guard let secrets else { return nil }
    var value = unsafe promethean_bytes()
    let status = unsafe withBytes(name) { unsafe secrets.find(table.context, $0, &value) }
    guard status == PROMETHEAN_OK else { return nil }
    return unsafe body(UnsafeBufferPointer(start: value.data, count: Int(value.size)).span)
  }
}
