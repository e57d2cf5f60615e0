import TestSupport

/// What of the package's own the tests of whole programs use.
extension Products {
  static let headers = "\(package)/Sources/PluginABI/include"
  static let fixtures = "\(package)/Tests/EndToEndTests/Fixtures"
}
