import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// What is attached to messages, through the real host, Fetch, Storage and AttachmentIndexer, in their sandboxes.
  @Suite struct AttachmentTests {
    private let deployment: AttachmentDeployment

    init() throws {
      deployment = try AttachmentDeployment()
    }

    /// A PNG of three by two pixels, as far as its header.
    private static let png =
      [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13] + Array("IHDR".utf8)
      + [0, 0, 0, 3, 0, 0, 0, 2, 8, 2, 0, 0, 0]

    private func attachment(_ id: String, _ url: String, _ more: JSONObject = [:]) -> JSON {
      var attachment: JSONObject = ["urn": .string("urn:echo:attachment:demo:\(id)"), "url": .string(url)]
      for (key, value) in more { attachment[key] = value }
      return .object(attachment)
    }

    /// What can go wrong with one, what is then said of it, and what the reason has in it.
    private func traps() -> [(id: String, attachment: JSON, state: String, reason: String)] {
      let gif = deployment.url(of: Array("GIF89a".utf8) + [1, 0, 1, 0], type: "image/png")
      let found = { (path: String, name: String) in deployment.url(path, on: name) }
      return [
        ("lie", attachment("lie", gif, ["content_type": "image/png"]), "stored", ""),
        ("large", attachment("large", found("/noise?n=1000000", "plain")), "stored", ""),
        (
          "oversize", attachment("oversize", found("/noise?n=1048577", "plain")), "refused",
          "expected at most 1048576 bytes, found 1048577"
        ),
        (
          "declared", attachment("declared", found("/noise?n=1", "plain"), ["size": 1_048_577]), "refused",
          "expected at most 1048576 bytes, declared are 1048577"
        ),
        ("capped", attachment("capped", found("/stream?n=65537", "other")), "failed", "expected at most 65536 bytes"),
        ("bomb", attachment("bomb", found("/compressed?n=20000000", "other")), "failed", "at most 65536 bytes"),
        ("gone", attachment("gone", found("/status?n=404", "plain")), "gone", "answered with status 404"),
        ("expired", attachment("expired", found("/status?n=403", "plain")), "gone", "answered with status 403"),
        ("broken", attachment("broken", found("/status?n=500", "plain")), "failed", "answered with status 500"),
        (
          "private", attachment("private", found("/redirect?to=http://169.254.169.254/x", "plain")), "failed",
          "dial 169.254.169.254:80: it leads to 169.254.169.254"
        ),
        (
          "ungranted", attachment("ungranted", found("/redirect?to=http://127.0.0.1:1/x", "plain")), "refused",
          "grants.http.fetch does not include it"
        ),
        (
          "circle", attachment("circle", found("/around", "plain")), "failed", "expected at most 10 redirects"
        ),
        ("cut", attachment("cut", found("/truncated", "plain")), "failed", "expected an answer to the end"),
        ("drip", attachment("drip", found("/drip", "plain")), "failed", "expected an answer"),
        ("silent", attachment("silent", found("/silent", "plain")), "failed", "expected an answer"),
        ("nonsense", attachment("nonsense", found("/nonsense", "plain")), "failed", "by the rules of HTTP"),
        ("user", attachment("user", "http://me:secret@127.0.0.1/"), "refused", "expected an http or https URL"),
      ]
    }

    @Test func `what is attached is kept, found by its words, and goes with its message`() throws {
      let text = Array("The reindeer ate the moss.".utf8)
      let list = [
        attachment("image", deployment.url(of: Self.png, type: "image/png"), ["content_type": "image/png"]),
        attachment("text", deployment.url(of: text, type: "text/plain")),
        attachment("copy", deployment.url(of: text, type: "text/plain")),
      ]
      try deployment.publish("SocialMessageCreated", "m1", at: "2026-01-01T00:00:00Z", list)
      let documents = try deployment.documents(3, of: "m1")
      let image = documents["image"]?["body"]
      #expect(image?["state"] == "stored" && image?["type"] == "image/png", "\(documents)")
      #expect(image?["width"] == 3 && image?["height"] == 2 && image?["mislabelled"] == false)
      #expect(!JSON.array(Array(documents.values)).text.contains("secret"))
      let words: JSON = ["text": "reindeer"]
      #expect(try deployment.ask("documents.count", words)["data"]?["count"] == 2)
      let sha256 = try #require(documents["text"]?["body"]?["sha256"])
      let bytes = try deployment.ask("blobs.get", ["sha256": sha256, "offset": 4, "length": 8])
      #expect(bytes["data_base64"]?.stringValue == Data("reindeer".utf8).base64EncodedString(), "\(bytes)")
      let blob: JSON = ["sha256": sha256]
      #expect(try deployment.ask("blobs.stat", blob)["data"]?["blob"]?["references"] == 2)
      #expect(deployment.blobFiles().count == 2)
      #expect(try deployment.ask("blobs.stat", blob, tenant: "other")["data"]?["blob"] == .null)

      // An edit takes one away, and another brings it back.
      try deployment.publish("SocialMessageUpdated", "m1", at: "2026-01-01T00:00:01Z", Array(list.dropLast()))
      #expect(try deployment.documents(2, of: "m1")["copy"] == nil)
      #expect(try deployment.ask("blobs.stat", blob)["data"]?["blob"]?["references"] == 1)
      try deployment.publish("SocialMessageUpdated", "m1", at: "2026-01-01T00:00:02Z", list)
      #expect(try deployment.documents(3, of: "m1")["copy"]?["body"]?["state"] == "stored")
      #expect(try deployment.ask("blobs.stat", blob)["data"]?["blob"]?["references"] == 2)

      try deployment.publish("SocialMessageDeleted", "m1", at: "2026-01-01T00:01:00Z")
      #expect(try deployment.documents(0, of: "m1").isEmpty)
      #expect(try deployment.ask("blobs.stat", blob)["data"]?["blob"]?["references"] == 0)
      #expect(try deployment.host.stop() == .status(0))
    }

    @Test func `what somebody who is erased had attached is nowhere, unless another has attached it too`() throws {
      let (theirs, shared, other) = (
        attachment("theirs", deployment.url("/noise?n=200000")), attachment("shared", deployment.url(of: Self.png)),
        attachment("other", deployment.url("/noise?n=200001"))
      )
      try deployment.publish("SocialMessageCreated", "m1", at: "2026-01-01T00:00:00Z", [theirs, shared])
      try deployment.publish("SocialMessageCreated", "m2", at: "2026-01-01T00:00:00Z", [shared, other], author: "ben")
      _ = try deployment.documents(2, of: "m1")
      let kept = try deployment.documents(2, of: "m2").values.compactMap { $0["body"]?["sha256"]?.stringValue }
      #expect(deployment.blobFiles().count == 3)
      #expect(deployment.fetchedFiles().count == 2)

      let words = ["erase", "-p", "echo", "-t", "demo", "--author", "urn:echo:user:demo:ada", "--yes", "--json"]
      let command = [Products.promethean, "--deployment", deployment.host.directory]
      let erased = try Program(command + words)
      #expect(erased.end == .status(0), "\(erased.output) \(erased.errors)")
      #expect(try erased.json.first?["documents"] == 2)
      #expect(try erased.json.first?["blobs"] == 1)
      #expect(Set(deployment.blobFiles().map { String($0.suffix(64)) }) == Set(kept))
      #expect(deployment.fetchedFiles() == [])
      #expect(try deployment.documents(0, of: "m1").isEmpty)
      #expect(try deployment.documents(2, of: "m2").count == 2)

      // The provider delivers it again.
      try deployment.publish("SocialMessageCreated", "m1", at: "2026-01-01T00:00:00Z", [theirs])
      try deployment.host.waitUntilIdle(deployment.client, "attachment-indexer")
      #expect(try deployment.documents(0, of: "m1").isEmpty)
      #expect(deployment.blobFiles().count == 2)
      #expect(try deployment.host.stop() == .status(0))
    }

    @Test func `each trap is recorded as what it is, and nothing else is touched by it`() throws {
      let traps = traps()
      let good = attachment("good", deployment.url(of: Self.png))
      try deployment.publish(
        "SocialMessageCreated",
        "m1",
        at: "2026-01-01T00:00:00Z",
        traps.map(\.attachment) + [good]
      )
      try deployment.publish("SocialMessageCreated", "m2", at: "2026-01-01T00:00:00Z", [good])
      #expect(try deployment.documents(1, of: "m2")["good"]?["body"]?["state"] == "stored")
      let documents = try deployment.documents(traps.count + 1, of: "m1")
      #expect(documents["good"]?["body"]?["state"] == "stored")
      for trap in traps {
        let body = try #require(documents[trap.id]?["body"], "\(trap.id)")
        let reason = body["reason"]?.stringValue ?? ""
        #expect(body["state"]?.stringValue == trap.state, "\(trap.id): \(reason)")
        #expect(trap.reason.isEmpty ? reason.isEmpty : reason.contains(trap.reason), "\(trap.id): \(reason)")
        #expect(!body.text.contains("secret"))
      }
      let lie = documents["lie"]?["body"]
      #expect(lie?["declared_type"] == "image/png" && lie?["type"] == "image/gif" && lie?["mislabelled"] == true)
      #expect(documents["large"]?["body"]?["size"] == 1_000_000)
      #expect(deployment.blobFiles().count == 3, "\(deployment.blobFiles())")
      #expect(try deployment.client.instance("attachment-indexer")["restarts"] == 0)
      #expect(try deployment.host.run("dlq", "list", "--json").json.isEmpty)
    }

    @Test(arguments: ["attachment-indexer", "storage", "fetch"])
    func `a plugin that is killed amid many messages loses none of what is attached`(plugin: String) throws {
      let ids = (0..<30).map { "m\($0)" }
      for (number, id) in ids.enumerated() {
        let size = number.isMultiple(of: 3) ? 200_000 + number : 100 + number
        let list = [attachment("a", deployment.url("/noise?n=\(size)"))]
        try deployment.publish("SocialMessageCreated", id, at: "2026-01-01T00:00:00Z", list)
        guard number == 15 else { continue }
        _ = try deployment.documents(1, of: ids[0])
        let pid = try #require(deployment.client.instance(plugin)["pid"]?.intValue)
        #expect(Glibc.kill(pid_t(pid), SIGKILL) == 0)
      }
      try deployment.host.until("\(ids.count) are settled") {
        let count = try? deployment.ask("documents.count", [:])["data"]?["count"]?.intValue
        return count == Int64(ids.count) ? () : nil
      }
      for id in ids {
        let body = try deployment.documents(1, of: id)["a"]?["body"]
        #expect(body?["state"] == "stored", "\(id): \(body?.text ?? "")")
      }
      #expect(deployment.blobFiles().filter { !$0.hasPrefix("incoming/") }.count == ids.count)
    }

    @Test func `a storage that is killed has what it has answered, and nothing of what was coming`() throws {
      let bytes = Array("kept".utf8)
      func begin(_ sha256: String, _ size: Int64) throws -> JSON {
        try deployment.ask("blobs.begin", ["sha256": .string(sha256), "size": .int(size), "foreign_id": "a"])
      }
      let digest = "0dcd4c8f2f9f3f8a3c1c7a1cb5f9e4b0e2b0b6a3c7a0f2d4e6c8b1a3d5f7e9c0"
      let refusal = #expect(throws: AdminClientError.self) { try begin(digest, 8 << 20 | 1) }
      #expect(refusal.map { "\($0)".contains("expected at most 8388608 bytes, as a file") } == true)
      func upload(_ begun: JSON) throws -> JSON { try #require(begun["data"]?["upload"]) }
      func append(_ upload: JSON, _ bytes: [UInt8]) throws {
        let data = Data(bytes).base64EncodedString()
        _ = try deployment.ask("blobs.append", ["upload": upload, "offset": 0, "data": .string(data)])
      }
      let file = "\(deployment.host.directory)/kept"
      try Data(bytes).write(to: URL(filePath: file))
      let sha256 = String(try Program(["/usr/bin/sha256sum", file]).output.prefix(64))
      let kept = try upload(begin(sha256, 4))
      try append(kept, bytes)
      _ = try deployment.ask("blobs.commit", ["upload": kept])
      let lost = try upload(begin(digest, 1_000))
      try append(lost, bytes)
      #expect(deployment.blobFiles().contains { $0.hasPrefix("incoming/") })

      let pid = try #require(deployment.client.instance("storage")["pid"]?.intValue)
      #expect(Glibc.kill(pid_t(pid), SIGKILL) == 0)
      try deployment.host.until("the storage runs again") {
        let instance = try deployment.client.instance("storage")
        return instance["state"] == "RUNNING" && instance["pid"]?.intValue != pid ? () : nil
      }
      #expect(deployment.blobFiles() == ["\(sha256.prefix(2))/\(sha256)"])
      let again = #expect(throws: AdminClientError.self) { try deployment.ask("blobs.commit", ["upload": lost]) }
      #expect(again.map { "\($0)".contains("begin again") } == true)
      let stat = try deployment.ask("blobs.stat", ["sha256": .string(sha256)])
      #expect(stat["data"]?["blob"]?["references"] == 1)
    }
  }
}
