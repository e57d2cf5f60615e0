import TestSupport
import Foundation

/// Python, for what others have written to check us by.
enum Python {
  /// The words that start a Python which has these packages.
  ///
  /// They are installed once a build, apart from the machine's own.
  ///
  /// - Parameter packages: Each with its version, as pip writes it.
  /// - Returns: nil, having said so, if there is no Python or no place to get the packages from.
  static func having(_ packages: [String]) -> [String]? {
    let name = packages.sorted().joined(separator: ",")
    let place = "\(Products.package)/.build/python/\(name)"
    if !FileManager.default.fileExists(atPath: place) {
      // Made elsewhere and moved, so that a run that is ended half way leaves nothing that looks whole.
      let unfinished = "\(place).\(ProcessInfo.processInfo.processIdentifier)"
      let install = ["/usr/bin/env", "python3", "-m", "pip", "install", "--quiet", "--target", unfinished] + packages
      guard (try? Program(install))?.end == .status(0) else {
        Products.say("not checked by others' programs: pip cannot install \(packages.joined(separator: " "))")
        return nil
      }
      try? FileManager.default.moveItem(atPath: unfinished, toPath: place)
    }
    return ["/usr/bin/env", "PYTHONPATH=\(place)", "python3"]
  }
}
