internal import Glibc

/// A file that holds one credential.
enum SecretFile {
  /// Reads it straight into secret memory; of a text, without the end of its last line.
  static func read(
    _ path: String,
    into pages: SecretPages,
    isText: Bool = true
  ) throws(SecretError) -> Range<Int>? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw SecretError("\(path): \(unsafe String(cString: strerror(errno)))") }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw SecretError("\(path): expected a file")
    }
    guard status.st_size <= SecretStore.valueMax else {
      throw SecretError("\(path): expected at most \(SecretStore.valueMax) bytes, found \(status.st_size)")
    }
    let range = unsafe pages.append(atMost: SecretStore.valueMax) { into in
      var count = 0
      while count < into.count {
        let got = unsafe Glibc.read(file, into.baseAddress?.advanced(by: count), into.count - count)
        guard got > 0 else { break }
        count += got
      }
      guard isText else { return count }
      for end in [UInt8(ascii: "\n"), UInt8(ascii: "\r")] where unsafe count > 0 && into[count - 1] == end {
        count -= 1
      }
      return count
    }
    guard let range else { throw SecretError("\(path): it is empty") }
    return range
  }
}

extension Tenant.CredentialSource: CustomStringConvertible {
  package var description: String {
    switch self {
    case .environment(let name): "the variable \(name)"
    case .file(let path): path
    case .credential(let name): "the credential \(name)"
    }
  }
}
