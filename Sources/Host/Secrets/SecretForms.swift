/// The ways in which a secret can stand in a text: as it is, and as other programs encode it.
///
/// All of them lie in secret memory: an encoded secret is a secret.
struct SecretForms {
  /// The shortest form that is looked for, in bytes.
  ///
  /// A shorter one would be found where it is none.
  static let lengthMin = 6

  /// How much room all forms of a secret take, as a multiple of its own: one as it is, two of hexadecimal, two for URLs,
  /// one for JSON, six of base64, each with what its encoding can grow to.
  static let factor = 1 + 2 * 2 + 2 * 3 + 2 + 6 * 2

  /// Writes the forms of a secret, and returns where they lie.
  static func all(of secret: Range<Int>, of values: SecretPages, into pages: SecretPages) -> [Range<Int>] {
    guard secret.count >= lengthMin else { return [] }
    func form(growth: Int, _ encode: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> Int) -> Range<Int>? {
      unsafe pages.append(atMost: growth * secret.count) { into in
        unsafe values.withBytes(secret) { unsafe encode($0, into) }
      }
    }
    let plain = unsafe form(growth: 1) { from, into in
      unsafe into.copyBytes(from: from)
      return from.count
    }
    var forms = unsafe [
      plain, form(growth: 2) { unsafe hex($0, $1, lowerDigits) }, form(growth: 2) { unsafe hex($0, $1, upperDigits) },
      form(growth: 3) { unsafe percentEncoded($0, $1, upperDigits) },
      form(growth: 3) { unsafe percentEncoded($0, $1, lowerDigits) }, form(growth: 2) { unsafe jsonEscaped($0, $1) },
    ]
    for alphabet in [standard, urlSafe] {
      // A secret within a longer text is encoded from one of three places in a group.
      for shift in 0..<3 { forms.append(unsafe form(growth: 2) { unsafe base64($0, $1, shift, alphabet) }) }
    }
    return forms.compactMap(\.self).filter { $0.count >= lengthMin }.reduce(into: []) { distinct, form in
      if !distinct.contains(where: { isSame($0, form, in: pages) }) { distinct.append(form) }
    }
  }

  /// Whether two forms are the same text: of a plain secret, some are.
  private static func isSame(_ one: Range<Int>, _ other: Range<Int>, in pages: SecretPages) -> Bool {
    unsafe one.count == other.count
      && pages.withBytes(one) { one in unsafe pages.withBytes(other) { unsafe $0.elementsEqual(one) } }
  }

  private static let lowerDigits = Array("0123456789abcdef".utf8)
  private static let upperDigits = Array("0123456789ABCDEF".utf8)

  private static func hex(_ from: UnsafeRawBufferPointer, _ into: UnsafeMutableRawBufferPointer, _ digits: [UInt8])
    -> Int
  {
    var at = 0
    for index in 0..<from.count {
      let byte = unsafe from[index]
      unsafe into[at] = digits[Int(byte >> 4)]
      unsafe into[at + 1] = digits[Int(byte & 15)]
      at += 2
    }
    return at
  }

  /// After RFC 3986: all but letters, digits and `-._~`.
  private static func percentEncoded(
    _ from: UnsafeRawBufferPointer,
    _ into: UnsafeMutableRawBufferPointer,
    _ digits: [UInt8]
  ) -> Int {
    var at = 0
    for index in 0..<from.count {
      let byte = unsafe from[index]
      let isPlain =
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
          UInt8(ascii: "~"):
          true
        default: false
        }
      if isPlain {
        unsafe into[at] = byte
        at += 1
      } else {
        unsafe into[at] = UInt8(ascii: "%")
        unsafe into[at + 1] = digits[Int(byte >> 4)]
        unsafe into[at + 2] = digits[Int(byte & 15)]
        at += 3
      }
    }
    return at
  }

  private static func jsonEscaped(_ from: UnsafeRawBufferPointer, _ into: UnsafeMutableRawBufferPointer) -> Int {
    var at = 0
    for index in 0..<from.count {
      let byte = unsafe from[index]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        unsafe into[at] = UInt8(ascii: "\\")
        at += 1
      }
      unsafe into[at] = byte
      at += 1
    }
    return at
  }

  private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
  private static let standard = letters + Array("+/".utf8)
  private static let urlSafe = letters + Array("-_".utf8)

  /// The digits of base64 that depend on nothing but the secret when `shift` bytes stand before it.
  private static func base64(
    _ from: UnsafeRawBufferPointer,
    _ into: UnsafeMutableRawBufferPointer,
    _ shift: Int,
    _ alphabet: [UInt8]
  ) -> Int {
    let first = (shift * 8 + 5) / 6
    let end = (shift + from.count) * 8 / 6
    var at = 0
    for digit in first..<max(first, end) {
      var value = 0
      for bit in digit * 6..<digit * 6 + 6 {
        let byte = unsafe from[bit / 8 - shift]
        value = value << 1 | Int(byte >> UInt8(7 - bit % 8) & 1)
      }
      unsafe into[at] = alphabet[value]
      at += 1
    }
    return at
  }
}
