internal import Foundation

/// What of the package's own tests use, and how they speak to whoever runs them.
extension Products {
  /// The package's directory.
  package static let package: String = {
    var url = URL(filePath: #filePath)
    for _ in 0..<3 { url.deleteLastPathComponent() }
    let path = url.path(percentEncoded: false)
    return path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path
  }()

  /// Says on standard error what a test did, such as the seed that it drew or why it was not run.
  package static func say(_ what: String) {
    FileHandle.standardError.write(Data("tests: \(what)\n".utf8))
  }
}
