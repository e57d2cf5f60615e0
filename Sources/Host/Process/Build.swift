/// What this build is.
package enum Build {
  /// The version, as in CHANGELOG.md.
  package static let version = "0.1.0"
  /// The revision that it was built from, where the build says so.
  package static let revision = "unknown"
}
