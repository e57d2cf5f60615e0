import Foundation
import TestSupport

extension TestHost {
  /// All that host and plugins have written, by its names, and what the command line shows.
  func written() throws -> [String: [UInt8]] {
    let root = "\(directory)/var"
    var written: [String: [UInt8]] = [:]
    for name in FileManager.default.subpaths(atPath: root) ?? [] {
      // Directories and sockets have nothing to read, and libraries were there before.
      guard !name.hasSuffix(".so"), let bytes = try? FileBytes.read("\(root)/\(name)") else { continue }
      written[name] = bytes
    }
    for words in [["status", "--json"], ["logs", "--limit", "10000"], ["logs", "--audit"], ["plan"]] {
      let run = try Program([Products.promethean, "--deployment", directory] + words)
      written[words.joined(separator: " ")] = Array((run.output + run.errors).utf8)
    }
    return written
  }
}
