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

  private let known = Locked<Known?>(nil)

  /// Knows no credential yet.
  package init() {}

  /// Looks for these from now on, and for no others.
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
    known.withLock { $0 = Known(pages: pages, forms: forms.sorted { $0.range.count > $1.range.count }) }
  }

  /// The text without credentials: where one stood, its name does.
  package func redact(_ text: String) -> String {
    guard isNeeded else { return text }
    return String(decoding: redact(Array(text.utf8)), as: UTF8.self)
  }

  /// The bytes without credentials.
  package func redact(_ bytes: [UInt8]) -> [UInt8] {
    known.withLock { known in
      guard let known else { return bytes }
      var bytes = bytes
      for form in known.forms {
        unsafe known.pages.withBytes(form.range) { secret in
          while let found = unsafe Self.find(secret, in: bytes) {
            bytes.replaceSubrange(found, with: form.replacement)
          }
        }
      }
      return bytes
    }
  }

  private var isNeeded: Bool { known.withLock { $0.map { !$0.forms.isEmpty } ?? false } }

  private static func find(_ secret: UnsafeRawBufferPointer, in bytes: [UInt8]) -> Range<Int>? {
    unsafe bytes.withUnsafeBytes { all in
      let offset = unsafe linux_find(all.baseAddress, all.count, secret.baseAddress, secret.count)
      return offset < 0 ? nil : offset..<offset + secret.count
    }
  }
}
