internal import Glibc

/// Python, for what others have written to measure us by.
enum Python {
  /// The words that start a Python which has these packages, installed once a build.
  ///
  /// - Parameters:
  ///   - packages: Each with its version, as pip writes it.
  ///   - file: What is there when they are.
  ///   - build: The package's `.build`.
  /// - Returns: nil if they cannot be had.
  static func having(_ packages: [String], file: String, in build: String) -> [String]? {
    let path = "\(build)/python/\(packages.sorted().joined(separator: ","))"
    if unsafe access(path, R_OK) != 0 {
      let words = ["-m", "pip", "install", "--quiet", "--target", path] + packages
      guard let pip = try? Child("python3", words, isQuiet: true) else { return nil }
      while pip.line() != nil {}
      pip.end()
    }
    return unsafe access("\(path)/\(file)", R_OK) == 0 ? ["/usr/bin/env", "PYTHONPATH=\(path)", "python3"] : nil
  }
}
