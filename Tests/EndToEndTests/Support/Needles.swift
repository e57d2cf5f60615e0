import CLinux
import Foundation

/// Credentials in all the forms in which they could have got somewhere, encoded by others' code than the host's.
struct Needles {
  /// Each form, by what it is a form of.
  private(set) var all: [(name: String, bytes: [UInt8])] = []

  /// Adds a secret.
  mutating func add(_ secret: String, _ name: String) {
    let bytes = Array(secret.utf8)
    let hex = bytes.map { String(format: "%02x", $0) }.joined()
    let unreserved = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    let url = secret.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    var forms = ["raw": secret, "hex": hex, "HEX": hex.uppercased(), "URL": url, "url": Self.lowered(url)]
    for shift in 0..<3 {
      let text = Data([UInt8](repeating: 0, count: shift) + bytes).base64EncodedString()
      // Neither what stands before it nor what may stand behind it is part of the form.
      let end = (shift + bytes.count) * 8 / 6
      let form = String(text.prefix(end).dropFirst((shift * 8 + 5) / 6))
      forms["base64+\(shift)"] = form
      forms["base64url+\(shift)"] = form.replacing("+", with: "-").replacing("/", with: "_")
    }
    for (form, text) in forms { all.append(("\(name) as \(form)", Array(text.utf8))) }
  }

  /// With the digits of escapes in lower case.
  private static func lowered(_ url: String) -> String {
    url.replacing(/%[0-9A-F]{2}/) { $0.output.lowercased() }
  }

  /// Which of them are in some bytes.
  func found(in bytes: some Sequence<UInt8>) -> Set<String> {
    let bytes = Array(bytes)
    return unsafe bytes.withUnsafeBytes { unsafe found(in: $0) }
  }

  /// Which of them are in some bytes.
  func found(in bytes: UnsafeRawBufferPointer) -> Set<String> {
    Set(
      all.filter { needle in
        unsafe linux_find(bytes.baseAddress, bytes.count, needle.bytes, needle.bytes.count) >= 0
      }
      .map(\.name)
    )
  }
}
