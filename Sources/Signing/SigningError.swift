internal import Glibc

/// Why a key, a signature or a file is not accepted.
///
/// The description is what stands after the path of the file in question, such as `is not a minisign signature: …`.
package enum SigningError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The text is not what it should be; said in words.
  case malformed(String)
  /// A system call failed: what could not be done, and the system's code.
  case system(action: String, code: Int32)
  /// The secret key cannot be had with this password.
  case wrongPassword
  /// The signature was made with a key that is none of those that are trusted.
  case otherKey(found: KeyID, expected: [KeyID])
  /// The signature is of other bytes.
  case alteredFile(KeyID)
  /// The trusted comment is not the one that was signed.
  case alteredComment(KeyID)
  /// The signature is of the file itself, where one of its hash was expected.
  case legacy

  static func failed(_ action: String) -> SigningError { .system(action: action, code: errno) }

  package var description: String {
    switch self {
    case .malformed(let what): what
    case .system(let action, let code): "\(action): \(unsafe String(cString: strerror(code)))"
    case .wrongPassword: "cannot be read: the password is wrong"
    case .otherKey(let found, let expected):
      expected.isEmpty
        ? "was made with key \(found), but no key is trusted"
        : "was made with key \(found), expected \(expected.map(\.description).joined(separator: " or "))"
    case .alteredFile(let id):
      "is not the signature of key \(id) for this file: it is older, or one of the two was altered"
    case .alteredComment(let id): "has a trusted comment that is not the one key \(id) has signed"
    case .legacy: "is in minisign's legacy format (Ed), expected one of the file's hash (ED)"
    }
  }
}
