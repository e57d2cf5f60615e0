internal import Foundation

/// The web server of Tests/Fixtures/WebServer, on loopback; it ends with this object, or with the tests.
package final class WebServer: Sendable {
  /// Why there is none.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// What each listener is for, and its port: `plain` and `other`; with TLS also `good`, `stranger`, `expired`,
  /// `selfsigned` and `old`.
  package let ports: [String: UInt16]
  /// The certificate of the authority that all but `selfsigned` are of.
  package var authority: String { certificates.file("authority.pem") }
  private let certificates: TemporaryDirectory
  private let input: FileHandle

  /// Starts it, with TLS too if `isSecure`.
  package init(isSecure: Bool = false) throws {
    certificates = try TemporaryDirectory()
    if isSecure { try certificates.makeCertificates() }
    let server = Process()
    let (input, output) = (Pipe(), Pipe())
    server.executableURL = URL(filePath: "/usr/bin/env")
    let program = "\(Products.package)/Tests/Fixtures/WebServer/server.py"
    server.arguments = ["python3", "-B", "-W", "ignore", program] + (isSecure ? [certificates.path] : [])
    server.standardInput = input
    server.standardOutput = output
    try server.run()
    var line = Data()
    while line.last != UInt8(ascii: "\n") {
      guard let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty else {
        throw Failure(description: "server.py ended before it listened")
      }
      line += byte
    }
    ports = try JSONDecoder().decode([String: UInt16].self, from: line)
    self.input = input.fileHandleForWriting
  }

  deinit {
    try? input.close()
  }

  /// What `/noise?n=SIZE` answers.
  package static func noise(_ size: Int) -> [UInt8] {
    let block = (0..<65_537).map { UInt8(truncatingIfNeeded: $0 * $0 * 31 + $0 / 7) }
    return (0..<size).map { block[$0 % block.count] }
  }

  /// A URL of one of its listeners.
  package func url(_ path: String, on name: String = "plain", host: String = "localhost") -> String {
    "\(["plain", "other"].contains(name) ? "http" : "https")://\(host):\(ports[name] ?? 0)\(path)"
  }
}
