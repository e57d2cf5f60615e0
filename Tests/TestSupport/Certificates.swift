internal import Foundation

extension TemporaryDirectory {
  /// Makes an authority and certificates of it, good and bad, with certificates.sh.
  package func makeCertificates() throws {
    let maker = Process()
    maker.executableURL = URL(filePath: "\(Products.package)/Tests/Fixtures/WebServer/certificates.sh")
    maker.arguments = [path]
    try maker.run()
    maker.waitUntilExit()
    guard maker.terminationStatus == 0 else {
      let log = (try? read("openssl.log")) ?? []
      throw PythonServer.Failure(description: "certificates.sh: \(String(decoding: log, as: UTF8.self))")
    }
  }
}
