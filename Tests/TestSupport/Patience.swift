/// How long a test may take, which none comes near unless it hangs.
package enum Patience {
  /// In minutes.
  ///
  /// All tests run at once and wait for each other: one that gives way often takes as long as all of them, which is ten
  /// minutes on two cores. Under a sanitizer each takes several times as long.
  package static let minutes = Products.isSanitized ? 40 : 14
}
