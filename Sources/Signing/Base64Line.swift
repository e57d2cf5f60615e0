internal import CSodium

/// Base64 of a number of bytes that is known: libsodium's, which leaves no copy of a secret behind.
enum Base64Line {
  static func decode(_ text: SecretBytes, _ range: Range<Int>, count: Int) throws(SigningError) -> SecretBytes {
    let bytes = SecretBytes(count: count)
    var decoded = 0
    let status = unsafe bytes.withPointer(to: UInt8.self) { target in
      unsafe text.withBytes { source in
        let digits = unsafe UnsafeRawBufferPointer(rebasing: source[range])
        return unsafe sodium_base642bin(
          target,
          count,
          digits.baseAddress,
          digits.count,
          nil,
          &decoded,
          nil,
          sodium_base64_VARIANT_ORIGINAL
        )
      }
    }
    if status == 0 && decoded == count { return bytes }
    let expected = "\((count + 2) / 3 * 4) characters of base64"
    throw .malformed(
      range.count == (count + 2) / 3 * 4
        ? "expected \(expected), found others among them" : "expected \(expected), found \(range.count)"
    )
  }

  static func encode(_ bytes: SecretBytes) -> SecretBytes {
    let length = (bytes.count + 2) / 3 * 4
    // libsodium puts a null behind.
    let text = SecretBytes(count: length + 1)
    unsafe text.withPointer(to: CChar.self) { target in
      unsafe bytes.withPointer(to: UInt8.self) { source in
        _ = unsafe sodium_bin2base64(
          target,
          text.count,
          source,
          bytes.count,
          sodium_base64_VARIANT_ORIGINAL
        )
      }
    }
    return text.slice(0..<length)
  }

  static func encode(_ bytes: [UInt8]) -> String {
    let text = encode(SecretBytes(copying: bytes))
    return String(decoding: text.open(0..<text.count), as: UTF8.self)
  }
}
