import Foundation
import TestSupport

/// What of the package's own the tests of whole programs use.
extension Products {
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
}
