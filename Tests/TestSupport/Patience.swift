/// How long a test may take, which none comes near unless it hangs.
package enum Patience {
  /// In minutes.
  ///
  /// All tests run at once and wait for each other: what one waits for may be the minutes that all others take. Under a
  /// sanitizer each takes several times as long.
  package static let minutes = Products.isSanitized ? 20 : 5
}
