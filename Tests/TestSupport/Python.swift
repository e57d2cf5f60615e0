internal import Foundation
internal import Locking

/// Python, for what others have written to check us by.
package enum Python {
  /// Held while something is installed, so that nothing is installed twice.
  private static let installation = Locked(())

  /// The words that start a Python for programs of the package's own: what it makes of them is kept, but not beside them.
  package static let own = [
    "/usr/bin/env", "-u", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX=\(Products.package)/.build/python/compiled",
    "python3",
  ]

  /// The words that start a Python which has these packages.
  ///
  /// They are installed once a build, apart from the machine's own.
  ///
  /// - Parameter packages: Each with its version, as pip writes it; none: what the machine has is enough.
  /// - Returns: nil, having said so, if there is no Python or no place to get the packages from.
  package static func having(_ packages: [String]) -> [String]? {
    packages.isEmpty ? own : installation.withLock { _ in install(packages) }
  }

  private static func install(_ packages: [String]) -> [String]? {
    let name = packages.sorted().joined(separator: ",")
    let place = "\(Products.package)/.build/python/\(name)"
    if !FileManager.default.fileExists(atPath: place) {
      // Made elsewhere and moved, so that a run that is ended half way leaves nothing that looks whole.
      let unfinished = "\(place).\(ProcessInfo.processInfo.processIdentifier)"
      let installer = Process()
      installer.executableURL = URL(filePath: "/usr/bin/env")
      installer.arguments = ["python3", "-m", "pip", "install", "--quiet", "--target", unfinished] + packages
      installer.standardOutput = FileHandle.nullDevice
      installer.standardError = FileHandle.nullDevice
      if (try? installer.run()) != nil { installer.waitUntilExit() }
      guard installer.terminationStatus == 0 else {
        Products.say("not checked by others' programs: pip cannot install \(packages.joined(separator: " "))")
        return nil
      }
      // Another process may have been faster.
      if (try? FileManager.default.moveItem(atPath: unfinished, toPath: place)) == nil {
        try? FileManager.default.removeItem(atPath: unfinished)
      }
    }
    return ["/usr/bin/env", "PYTHONPATH=\(place)", "python3"]
  }
}
