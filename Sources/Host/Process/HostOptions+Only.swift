/// A plugin that was to be started alone, and is none of the deployment's.
package struct UnknownPlugin: Error, CustomStringConvertible {
  package let description: String
}

extension HostOptions {
  /// Refuses to start only what is not there: nothing would run, for a slip of the keyboard.
  ///
  /// - Parameter known: The ids of what may be named, the broken ones among them.
  /// - Throws: `UnknownPlugin`, for the first by name.
  func check(_ known: [String]) throws(UnknownPlugin) {
    guard let unknown = only?.subtracting(known).min() else { return }
    let hint = unknown.nearest(in: known).map { " (did you mean \($0)?)" } ?? ""
    throw UnknownPlugin(description: "\(deployment) has no enabled plugin \"\(unknown)\"\(hint)")
  }
}
