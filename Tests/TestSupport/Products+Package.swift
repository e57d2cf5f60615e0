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

  /// Whether the long proofs run in full.
  package static let isSoak = ProcessInfo.processInfo.environment["PROMETHEAN_SOAK"] == "1"

  /// The seed of what a test draws: anew each time, or taken from the environment to repeat a failure.
  ///
  /// - Parameter what: What it is for, which is said with it.
  /// - Returns: The seed.
  package static func seed(_ what: String) -> UInt64 {
    let seed = ProcessInfo.processInfo.environment["PROMETHEAN_SEED"].flatMap { UInt64($0) } ?? .random(in: 0...999_999)
    say("\(what) is of the seed \(seed)")
    return seed
  }
}
