import Foundation
import TestSupport

/// What of the package's own the tests of whole programs use.
extension Products {
  /// The package's directory.
  static let package: String = {
    var url = URL(filePath: #filePath)
    for _ in 0..<4 { url.deleteLastPathComponent() }
    return url.path(percentEncoded: false).trimmingSlash
  }()

  static let headers = "\(package)/Sources/PluginABI/include"
  static let fixtures = "\(package)/Tests/EndToEndTests/Fixtures"

  /// Whether the long proofs run in full.
  static let isSoak = ProcessInfo.processInfo.environment["PROMETHEAN_SOAK"] == "1"

  /// The seed of what a test draws: anew each time, or taken from the environment to repeat a failure.
  ///
  /// - Parameter what: What it is for, which is said with it.
  /// - Returns: The seed.
  static func seed(_ what: String) -> UInt64 {
    let seed = ProcessInfo.processInfo.environment["PROMETHEAN_SEED"].flatMap { UInt64($0) } ?? .random(in: 0...999_999)
    say("\(what) is of the seed \(seed)")
    return seed
  }

  /// Says on standard error what a test did, such as the seed that it drew or why it was not run.
  static func say(_ what: String) {
    FileHandle.standardError.write(Data("end to end: \(what)\n".utf8))
  }
}

extension String {
  fileprivate var trimmingSlash: String { hasSuffix("/") && count > 1 ? String(dropLast()) : self }
}
