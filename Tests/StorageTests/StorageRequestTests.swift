import PluginKit
import Storage
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes))) struct StorageRequestTests {
  let storage: StorageFixture

  init() async throws {
    storage = try await StorageFixture()
  }

  @Test(
    arguments: [
      ("put", [:], "documents: expected array, found nothing"),
      ("put", [], "payload: expected object, found empty array"),
      ("put", ["documents": 1], "documents: expected array, found integer 1"),
      ("put", ["documents": [1]], "documents[0]: expected object, found integer 1"),
      ("put", ["documents": [["foreign_id": "a"], [:]]], "documents[1].foreign_id: expected a value, found nothing"),
      ("put", ["documents": [["foreign_id": ""]]], "documents[0].foreign_id: expected 1 to 1024 bytes, found 0"),
      ("put", ["documents": [["foreign_id": 7]]], "documents[0].foreign_id: expected string, found integer 7"),
      (
        "put", ["documents": [["foreign_id": "a", "revision": "x"]]],
        "documents[0].revision: expected integer, found string \"x\""
      ),
      (
        "put", ["documents": [["foreign_id": "a", "created_at": "today"]]],
        "documents[0].created_at: expected milliseconds since 1970 or an RFC 3339 time, found string \"today\""
      ),
      (
        "put", ["documents": [["foreign_id": "a", "tenant": "other"]]],
        "documents[0].tenant: unknown; known are author, body, content, created_at, foreign_id, revision, space, text, thread"
      ),
      ("put", ["documents": [], "tenant": "other"], "tenant: unknown; known are documents"),
      ("delete", [:], "foreign_ids: expected array, found nothing"),
      ("delete", ["foreign_ids": ["a", 2]], "foreign_ids[1]: expected a string of 1 to 1024 bytes, found integer 2"),
      ("get", [:], "foreign_id: expected a value, found nothing"),
      ("get", ["foreign_id": nil], "foreign_id: expected a value, found null"),
      ("query", ["limit": 0], "limit: expected integer from 1 to 1000, found integer 0"),
      ("query", ["order": "random"], "order: expected newest, oldest or best, found string \"random\""),
      ("query", ["order": "best"], "text: expected words to compare with, found nothing"),
      (
        "query", ["order": "best", "text": "a", "cursor": "1.1"],
        "cursor: expected none with order best, found string \"1.1\""
      ),
      ("query", ["text": "a", "match": "most"], "match: expected all or any, found string \"most\""),
      ("query", ["body": 1], "body: expected boolean, found integer 1"),
      ("query", ["cursor": "1"], "cursor: expected what an answer gave as next, found string \"1\""),
      ("query", ["text": " ! "], "text: expected a word to look for, found string \" ! \""),
      ("count", ["limit": 1], "limit: unknown; known are author, match, since, space, text, thread, until"),
      ("drop", [:], "topic: expected documents.put, delete, erase, get, query or count, found documents.drop"),
    ] as [(String, JSON, String)]
  )
  func `a request that is wrong is answered with what is wrong`(
    operation: String,
    payload: JSON,
    message: String
  ) async throws {
    #expect(await storage.refusal(operation, payload) == message)
    #expect(try await storage.ask("count", [:]) == ["count": 0])
    try await storage.host.stop()
  }

  @Test(arguments: ["", "Messages", "1st", "a-b", "../x", "é", String(repeating: "a", count: 64)])
  func `a collection has a plain name`(name: String) async throws {
    #expect(
      await storage.refusal("count", [:], collection: name)
        == "resource: expected a collection such as \"messages\", found \"\(name)\""
    )
    try await storage.host.stop()
  }

  @Test func `a payload that is no JSON is answered with where it is wrong`() async throws {
    var request = StorageFixture.request("count", [:])
    request.payload = Array("{".utf8)
    let error = await #expect(throws: FakeHost.Failure.self) { try await storage.host.request(request) }
    #expect(error?.description.hasPrefix("payload: 1:2: ") == true)
    try await storage.host.stop()
  }

  @Test func `the tenant is the one that was stamped, and the topic cannot say another`() async throws {
    // The host made for tests stamps what the topic says; a topic of no tenant is stamped with nothing.
    var request = StorageFixture.request("count", [:])
    request.topic = "promethean.sys.storage.documents.count"
    let error = await #expect(throws: FakeHost.Failure.self) { try await storage.host.request(request) }
    #expect(
      error?.description
        == "topic: expected one of the area storage and of the stamped tenant, found promethean.sys.storage.documents.count"
    )
    try await storage.host.stop()
  }

  @Test func `what is no request is rejected`() async throws {
    var envelope = StorageFixture.request("count", [:])
    envelope.flags = []
    guard case .reject(let reason) = await storage.host.handle(envelope) else {
      Issue.record("expected a rejection")
      return
    }
    #expect(reason.hasSuffix("expected a request"))
    try await storage.host.stop()
  }

  @Test(
    arguments: [
      ([:], "config.directory: expected string, found nothing"),
      (["directory": "data"], "config.directory: expected an absolute path, found \"data\""),
      (["directory": "/tmp", "sync": "off"], "config.sync: expected full or normal, found \"off\""),
      (["directory": "/tmp", "batch_max": 0], "config.batch_max: expected integer from 1 to 4096, found 0"),
    ] as [(JSON, String)]
  )
  func `a configuration that is wrong keeps the instance from being`(config: JSON, message: String) async throws {
    let host = FakeHost(StoragePlugin.self, config: config)
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.create() }
    #expect(error?.description == message)
    try await storage.host.stop()
  }

  @Test func `a directory that is not there keeps it from starting`() async throws {
    let host = FakeHost(StoragePlugin.self, config: ["directory": "/nowhere/at/all"])
    try await host.create()
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.start() }
    #expect(error?.description == "config.directory: /nowhere/at/all: No such file or directory")
    await host.destroy()
    try await storage.host.stop()
  }
}
