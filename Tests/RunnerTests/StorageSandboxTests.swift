internal import CChannel
internal import Envelope
internal import Foundation
internal import Host
internal import RunnerSupport
internal import TestSupport
internal import Testing

/// The real storage in the real sandbox: what it needs of the kernel is there, and no limit ends it.
@Suite struct StorageSandboxTests {
  @Test func `documents are written and found in the sandbox`() async throws {
    try await onHostThread {
      let storage = try Storage(fileSize: 1 << 30)
      let put: JSON = ["documents": [["foreign_id": "a", "text": "Emacs in a box"]]]
      for tenant in ["demo", "other"] {
        #expect(try storage.ask("put", put, tenant: tenant)["written"] == 1)
      }
      #expect(try storage.ask("query", ["text": "emacs"])["documents"]?.arrayValue?.count == 1)
      #expect(try storage.driver.stop() == .status(0))
      #expect(FileManager.default.fileExists(atPath: storage.directory + "/echo.demo.sqlite"))
    }
  }

  @Test func `vectors are found in the sandbox, and by the next one`() async throws {
    try await onHostThread {
      let model: JSON = ["name": "m", "version": "1", "checksum": "x", "dimension": 2]
      // 1 and 0, 0 and 1, as little-endian floats.
      let (first, second): (JSON, JSON) = ("AACAPwAAAAA=", "AAAAAAAAgD8=")
      let digest: JSON = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
      let storage = try Storage(fileSize: 1 << 30)
      let put: JSON = ["documents": [["foreign_id": "a", "text": "x"], ["foreign_id": "b", "text": "x"]]]
      #expect(try storage.ask("put", put)["written"] == 2)
      let vectors: JSON = [
        "model": model,
        "vectors": [
          ["foreign_id": "a", "content": digest, "vector": first],
          ["foreign_id": "b", "content": digest, "vector": second],
        ],
      ]
      #expect(try storage.ask("vectors.put", vectors)["written"] == 2)
      for _ in 0..<2 {
        let found = try storage.ask("vectors.search", ["vector": second, "limit": 1])["matches"]
        #expect(found == [["foreign_id": "b", "score": 1.0]])
      }
      #expect(try storage.ask("vectors.missing", ["model": model])["documents"] == [])
      #expect(try storage.driver.stop() == .status(0))
    }
  }

  @Test func `a file that may not grow further is an error and not the end`() async throws {
    try await onHostThread {
      let storage = try Storage(fileSize: 256 << 10)
      let text = JSON.string(String(repeating: "word ", count: 8_000))
      var refusal: String?
      for index in 0..<20 where refusal == nil {
        refusal = try storage.ask("put", ["documents": [["foreign_id": .string("\(index)"), "text": text]]])["message"]?
          .stringValue
      }
      #expect(refusal?.hasPrefix("storage of echo/demo: ") == true)
      #expect(try storage.ask("count", ["text": "word"])["count"]?.intValue ?? 0 > 0)
      #expect(try storage.driver.stop() == .status(0))
    }
  }
}

/// A storage in a runner, with a directory of its own.
private final class Storage {
  let directory: String
  let driver: Driver
  private var token: UInt64 = 0

  init(fileSize: UInt64) throws {
    // Without symbolic links, as a granted path must be, and open to the user that the instance runs as.
    directory = Fixture.directory + "-storage-\(UUID().uuidString)"
    let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o777]
    try FileManager.default.createDirectory(
      atPath: directory,
      withIntermediateDirectories: true,
      attributes: attributes
    )
    driver = try Driver(Fixture(path: Products.library("Storage"))) { [directory] setup in
      setup.pluginID = "storage"
      setup.config = JSON.object(["directory": .string(directory)]).text
      setup.paths.append(RunnerSetup.Path(.write, directory))
      setup.limits.fileSize = fileSize
    }
    #expect(try driver.start().token == 0, "\(driver.stderr)")
  }

  deinit {
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// The payload of the response, whether it is an error or not.
  func ask(_ operation: String, _ payload: JSON, tenant: String = "demo") throws -> JSON {
    token += 1
    var request = Envelope(
      topic: "promethean.p.echo.t.\(tenant).storage.\(operation.contains(".") ? operation : "documents.\(operation)")",
      payload: payload.bytes()
    )
    (request.provider, request.tenant) = ("echo", tenant)
    request.resource = "messages"
    request.flags = .request
    try driver.send(WIRE_DELIVER, token: token, body: request.binary())
    let response = try driver.frame(WIRE_RESPOND) { [token] in $0.token == token }
    return try JSON.parse(Envelope(binary: response.body).payload)
  }
}
