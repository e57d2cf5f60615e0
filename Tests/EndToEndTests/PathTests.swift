import Envelope
import Foundation
import Glibc
import Host
import Testing

extension EndToEnd {
  /// Names that look like paths, and links in the place of files: whatever they name, nothing is made or read outside of
  /// what was granted.
  @Suite struct PathTests {
    private static let secret = "what nobody was granted"
    /// A digest that no blob has.
    private static let digest = String(repeating: "a", count: 64)

    private let host: TestHost
    /// Beside the plugins' own directories, and readable to all users.
    private let outside: String

    init() throws {
      let plugins = """
          keys:
            library: keys
            trust: unsigned
            tenants: [echo/demo]
            grants: { subscribe: ["promethean.p.echo.t.demo.keys.*"], state: {} }
          fetch:
            library: Fetch
            trust: \(TestHost.trust)
            tenants: ["*/*"]
            grants: { net.dial: ["*:443"], fs.write: [blobs], clock: {}, log: {}, metrics: {} }
            limits: { in_flight: 256, descriptors: 256 }
        """
      host = try TestHost(TestHost.echo(more: plugins))
      let manifest = TestHost.worker("keys", inputs: ["promethean.p.echo.t.demo.keys.*"], capabilities: ["state"])
      try host.compile("keys", id: "keys", manifest: manifest)
      outside = "\(host.directory)/outside"
      try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
      try #require(unsafe chmod(outside, 0o777) == 0)
      for name in ["secret", Self.digest] {
        try Self.secret.write(toFile: "\(outside)/\(name)", atomically: true, encoding: .utf8)
        try #require(unsafe chmod("\(outside)/\(name)", 0o666) == 0)
      }
      try host.start()
    }

    /// What is in the deployment, but for what the host itself keeps in its own folders.
    private func files() throws -> Set<String> {
      let all = FileManager.default.subpaths(atPath: host.directory) ?? []
      return Set(all).filter { path in !["var/log/", "var/journal.sqlite"].contains { path.hasPrefix($0) } }
    }

    /// Looks that nothing has come but what is named, and that what is outside is as it was.
    private func expectNothingNew(since before: Set<String>, but expected: [String] = []) throws {
      let new = try files().subtracting(before).filter { path in !expected.contains { path.hasPrefix($0) } }
      #expect(new.isEmpty, "\(new)")
      // It lies in /tmp itself, so what leads up or there comes to one place.
      #expect(!FileManager.default.fileExists(atPath: "/tmp/promethean-escaped"))
      #expect(Set(try FileManager.default.contentsOfDirectory(atPath: outside)) == ["secret", Self.digest])
      for name in ["secret", Self.digest] {
        #expect(try String(contentsOfFile: "\(outside)/\(name)", encoding: .utf8) == Self.secret)
      }
    }

    private static let document: JSON = ["documents": [["foreign_id": "x"]]]

    private func put(_ client: AdminClient, tenant: String) throws -> JSON {
      try client.request("promethean.p.echo.t.\(tenant).storage.documents.put", Self.document, resource: "messages")
    }

    /// Asks for what must be refused.
    private func expectRefusal(_ client: AdminClient, _ topic: String, _ payload: JSON = [:], resource: String = "") {
      do {
        let answer = try client.request(topic, payload, resource: resource)
        Issue.record("\(topic) \(payload) \(resource): \(answer)")
      } catch {
        guard case .refused(_, let message)? = error as? AdminClientError else {
          Issue.record(error)
          return
        }
        #expect(!message.contains(Self.secret))
      }
    }

    @Test func `keys of state are keys, whatever they look like`() throws {
      let client = try host.client()
      let before = try files()
      let answer = try client.request("promethean.p.echo.t.demo.keys.try")["data"]
      #expect(answer == ["written": 13, "returned": 13, "denied": 8])
      try expectNothingNew(since: before)
    }

    @Test func `collections, tenants and digests are names, and none is a path`() throws {
      let client = try host.client()
      // What the services make by themselves for these two is made.
      for tenant in ["demo", "other"] { #expect(try host.count(client, tenant: tenant) == 0) }
      let before = try files()
      let paths = [
        "..", ".", "../promethean-escaped", "/tmp/promethean-escaped", "a/b", "a\0b", "messages\0", "messages/../x",
        "A", "",
      ]
      // What is refused below is this but for a name.
      _ = try put(client, tenant: "demo")
      for path in paths {
        expectRefusal(client, "promethean.p.echo.t.demo.storage.documents.put", Self.document, resource: path)
        expectRefusal(client, "promethean.p.echo.t.demo.storage.documents.count", resource: path)
        expectRefusal(client, "promethean.p.echo.t.\(path).storage.documents.count", resource: "messages")
        expectRefusal(client, "promethean.p.\(path).t.demo.storage.documents.count", resource: "messages")
      }
      let up = "../../../../outside/"
      for digest in paths + [
        "\(up)secret", up + Self.digest, String(repeating: "../", count: 21) + "x", Self.digest + "\0",
        Self.digest + "/", Self.digest.uppercased(), Self.digest,
      ] {
        let payload: JSON = ["sha256": .string(digest), "offset": 0, "length": 64]
        expectRefusal(client, "promethean.p.echo.t.demo.http.fetch.read", payload)
      }
      try expectNothingNew(since: before)
      for name in ["storage", "fetch", "keys"] { #expect(try client.instance(name)["restarts"] == 0) }
    }

    @Test func `a link in the place of a service's file leads nowhere`() throws {
      let client = try host.client()
      let (storage, blobs) = ("\(host.directory)/var/data/storage/data", "\(host.directory)/var/data/fetch/blobs")
      let links = [
        // Where a database would be made, and in the place of one that is there.
        "\(storage)/echo.demo.sqlite": "\(outside)/made", "\(storage)/echo.other.sqlite": "\(outside)/secret",
        // A tenant's blobs; and one blob, in a directory that Fetch may have.
        "\(blobs)/echo.demo": outside, "\(blobs)/echo.other/\(Self.digest)": "\(outside)/secret",
      ]
      try FileManager.default.createDirectory(atPath: "\(blobs)/echo.other", withIntermediateDirectories: true)
      try #require(unsafe chmod("\(blobs)/echo.other", 0o777) == 0)
      for (link, target) in links { try #require(unsafe symlink(target, link) == 0) }
      let before = try files()
      for tenant in ["demo", "other"] {
        let put = "promethean.p.echo.t.\(tenant).storage.documents.put"
        expectRefusal(client, put, Self.document, resource: "messages")
        expectRefusal(client, "promethean.p.echo.t.\(tenant).storage.documents.count", resource: "messages")
        let payload: JSON = ["sha256": .string(Self.digest), "offset": 0, "length": 64]
        expectRefusal(client, "promethean.p.echo.t.\(tenant).http.fetch.read", payload)
      }
      try expectNothingNew(since: before)
      // With the links gone, all is as it should be.
      for link in links.keys { try #require(unsafe unlink(link) == 0) }
      let blob = "\(blobs)/echo.other/\(Self.digest)"
      try "its own".write(toFile: blob, atomically: true, encoding: .utf8)
      try #require(unsafe chmod(blob, 0o644) == 0)
      let payload: JSON = ["sha256": .string(Self.digest), "offset": 0, "length": 64]
      _ = try client.request("promethean.p.echo.t.other.http.fetch.read", payload)
      for tenant in ["demo", "other"] {
        _ = try put(client, tenant: tenant)
        #expect(try host.count(client, tenant: tenant) == 1)
      }
      for name in ["storage", "fetch"] { #expect(try client.instance(name)["restarts"] == 0) }
    }
  }
}
