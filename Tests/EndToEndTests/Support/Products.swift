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

  /// Says on standard error what a test did, such as the seed that it drew or why it was not run.
  static func say(_ what: String) {
    FileHandle.standardError.write(Data("end to end: \(what)\n".utf8))
  }
}

extension String {
  fileprivate var trimmingSlash: String { hasSuffix("/") && count > 1 ? String(dropLast()) : self }
}
