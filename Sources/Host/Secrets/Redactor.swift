internal import CLinux
internal import Locking

/// Takes credentials out of texts that leave the host: log lines, reasons, errors.
///
/// Nothing of the host's puts one in; a plugin might, or what a library prints when it fails. Any thread.
package final class Redactor: Sendable {
  private struct Known {
    var pages: SecretPages
    var forms: [(range: Range<Int>, replacement: [UInt8])]
  }

  /// How many sets are looked for that were in use before: what was replaced may still be valid, and in somebody's hands.
  private static let olderMax = 3

  /// The newest first.
  private let known = Locked<[Known]>([])

  /// Knows no credential yet.
  package init() {}

  /// Looks for these from now on, and for the few sets that were in use before them.
  ///
  /// - Parameters:
  ///   - values: Where they lie.
  ///   - named: Each with what is to stand in its place.
  /// - Throws: `SecretError` when there is no memory for them.
  func use(_ values: SecretPages, _ named: [(name: String, range: Range<Int>)]) throws(SecretError) {
    let size = named.reduce(0) { $0 + SecretForms.factor * $1.range.count }
    let pages = try SecretPages(capacity: max(1, size))
    let forms = named.flatMap { value in
      SecretForms.all(of: value.range, of: values, into: pages).map {
        (range: $0, replacement: Array("[\(value.name)]".utf8))
      }
    }
    // The longest first: a secret may be a part of another one's form.
    let newest = Known(pages: pages, forms: forms.sorted { $0.range.count > $1.range.count })
    known.withLock { $0 = [newest] + $0.prefix(Self.olderMax) }
  }

  /// The text without credentials: where one stood, its name does.
  package func redact(_ text: String) -> String {
    guard isNeeded else { return text }
    return String(decoding: redact(Array(text.utf8)), as: UTF8.self)
  }

  /// The bytes without credentials.
  package func redact(_ bytes: [UInt8]) -> [UInt8] {
    known.withLock { known in
      var bytes = bytes
      for known in known {
        for form in known.forms {
          unsafe known.pages.withBytes(form.range) { secret in
            // Behind what was replaced: its name may hold the very secret.
            var start = 0
            while let found = unsafe Self.find(secret, in: bytes, from: start) {
              bytes.replaceSubrange(found, with: form.replacement)
              start = found.lowerBound + form.replacement.count
            }
          }
        }
      }
      return bytes
    }
  }

  private var isNeeded: Bool { known.withLock { $0.contains { !$0.forms.isEmpty } } }

  private static func find(_ secret: UnsafeRawBufferPointer, in bytes: [UInt8], from start: Int) -> Range<Int>? {
    unsafe bytes.withUnsafeBytes { all in
      let rest = unsafe UnsafeRawBufferPointer(rebasing: all[start...])
      let offset = unsafe linux_find(rest.baseAddress, rest.count, secret.baseAddress, secret.count)
      return offset < 0 ? nil : start + offset..<start + offset + secret.count
    }
  }
}
