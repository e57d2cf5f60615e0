import Envelope
import Foundation
import Glibc
import Host
import PictureSupport
import TestSupport
import Testing

extension EndToEnd {
  /// Pictures that are attached to messages are found by others that look like them, through the real host and plugins.
  @Suite struct LikenessTests {
    private let deployment: AttachmentDeployment

    init() throws {
      deployment = try AttachmentDeployment(more: AttachmentDeployment.seeing())
    }

    private static func png(_ scene: Int) -> [UInt8] { EncodedPicture.png(Scene(scene).drawn(width: 48, height: 36)) }

    /// The scene again, smaller, compressed and cut a little.
    private static func copy(_ scene: Int) -> [UInt8] {
      EncodedPicture.jpeg(Scene(scene).drawn(width: 40, height: 30, cut: 0.02), quality: 50)
    }

    private func kill(_ plugin: String) throws {
      let pid = try #require(deployment.client.instance(plugin)["pid"]?.intValue)
      #expect(Glibc.kill(pid_t(pid), SIGKILL) == 0)
      try deployment.host.until("\(plugin) runs again") {
        let instance = try deployment.client.instance(plugin)
        return instance["state"] == "RUNNING" && instance["pid"]?.intValue != pid ? () : nil
      }
    }

    @Test func `a picture that comes again is found first, in its own tenant alone, whatever else comes`() throws {
      for scene in 0..<6 { try deployment.post("m\(scene)", [Self.png(scene)]) }
      let traps = [
        EncodedPicture.bomb(width: 65_535, height: 65_535), Array(Self.png(1).dropLast(40)),
        Array("GIF89a".utf8) + [1, 0, 1, 0], Array("The reindeer ate the moss.".utf8),
      ]
      try deployment.post("traps", traps)
      try deployment.post("again", [Self.copy(2)])
      try deployment.post("theirs", [Self.copy(2)], tenant: "other")
      try deployment.waitForVectors(7)
      try deployment.waitForVectors(1, tenant: "other")
      let found = try deployment.alike("again")
      #expect(found.map(\.id).first == "m2:0", "\(found)")
      #expect(found.count == 6 && found[0].score > 0.65 && found[1].score < 0.65, "\(found)")
      #expect(try deployment.alike("m2:0").first?.id == "again:0")
      #expect(try deployment.alike("theirs", tenant: "other").isEmpty)
      let words = "like: expected an attachment that is a picture, or a message with one, found string \"m2\""
      let refusal = #expect(throws: AdminClientError.self) { try deployment.alike("m2", tenant: "other") }
      #expect(refusal.map { "\($0)".contains(words) } == true, "\(refusal.debugDescription)")

      let shown = try deployment.host.run("search", "-p", "echo", "-t", "demo", "--like", "again", "--no-color")
      #expect(shown.end == .status(0), "\(shown.errors)")
      let lines = shown.output.split(separator: "\n")
      #expect(lines.count == 7 && lines[1].contains("m2") && lines[1].contains("%"), "\(shown.output)")

      // What goes with its message is found no more.
      try deployment.publish("SocialMessageDeleted", "m2", at: "2026-01-01T00:01:00Z")
      #expect(try deployment.documents(0, of: "m2").isEmpty)
      #expect(try !deployment.alike("again").map(\.id).contains("m2:0"))
      for plugin in ["embedder", "attachment-embedder", "search", "storage"] {
        #expect(try deployment.client.instance(plugin)["restarts"] == 0, "\(plugin)")
      }
      #expect(try deployment.host.run("dlq", "list", "--json").json.isEmpty)
      #expect(try deployment.host.stop() == .status(0))
    }

    @Test(arguments: ["embedder", "attachment-embedder", "storage"])
    func `what is attached while a plugin is killed has its vector all the same`(plugin: String) throws {
      for scene in 0..<12 {
        try deployment.post("m\(scene)", [Self.png(scene)])
        if scene == 5 { try kill(plugin) }
      }
      for scene in 0..<12 { _ = try deployment.documents(1, of: "m\(scene)") }
      try deployment.waitForVectors(12)
      #expect(try deployment.alike("m7").count == 11)
    }

    @Test func `another model takes over though one picture has no vector of any`() throws {
      for scene in 0..<4 { try deployment.post("m\(scene)", [Self.png(scene)]) }
      try deployment.post("cut", [Array(Self.png(5).dropLast(40))])
      try deployment.waitForVectors(4)
      try deployment.change(model: "looks-again")
      try deployment.waitForVectors(4, of: "looks-again")
      #expect(try deployment.alike("m1").count == 3)
      #expect(try deployment.host.stop() == .status(0))
    }
  }
}
