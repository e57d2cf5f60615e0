internal import Glibc
package import Signing

/// Why a library may run here.
package enum LibraryOrigin: Sendable, Hashable {
  /// It came with the host: it was found by name in the directory of the host's own program.
  case host
  /// A key of `host.keys` has signed these very bytes, and the comment.
  case signed(by: PublicKey, comment: String)
  /// It lies in the store, where only what might run was put, and it is what it was then.
  case stored
  /// Nobody answers for it; its operator has written `trust: unsigned`.
  case unsigned
}

/// Which libraries an operator lets run, `trust` of plugins.yml.
package enum LibraryTrust: String, CaseIterable, Sendable {
  /// Those that came with the host, and those that one of `host.keys` has signed.
  case signed
  /// Any.
  case unsigned
}

extension ManifestValue {
  /// Says why a library may run; nil when it may not, which was reported.
  ///
  /// The signature is held against the hash that was made when the library was read, so it is of what will be mapped.
  ///
  /// - Parameters:
  ///   - library: What was found.
  ///   - isOwn: Whether it came with the host.
  ///   - trust: What its operator demands of it.
  ///   - keys: `host.keys`.
  /// - Returns: Why it may run.
  func origin(of library: LibraryFile, isOwn: Bool, _ trust: LibraryTrust, keys: [PublicKey]) -> LibraryOrigin? {
    if isOwn { return .host }
    if trust == .unsigned { return .unsigned }
    do throws(SigningError) {
      let (key, comment) = try library.signature(by: keys)
      return .signed(by: key, comment: comment)
    } catch {
      report(library.complaint(error))
      return nil
    }
  }
}

extension LibraryFile {
  /// Who has signed it, with the comment that was signed along.
  func signature(by keys: [PublicKey]) throws(SigningError) -> (key: PublicKey, comment: String) {
    let signature = try Signature(path: Signature.path(of: path))
    return (try signature.verify(signedHash, by: keys), signature.trustedComment)
  }

  /// Says in words why nobody trusted has signed it.
  func complaint(_ error: SigningError) -> String {
    let signature = Signature.path(of: path)
    return switch error {
    case .system(_, ENOENT): "\(path) is not signed: expected \(name).minisig beside it, or trust: unsigned"
    case .otherKey(let found, let expected):
      "\(signature) was made with key \(found), expected one of host.keys, "
        + (expected.isEmpty ? "of which there are none" : expected.map(\.description).spelledOut("or"))
    default: "\(signature) \(error)"
    }
  }
}
