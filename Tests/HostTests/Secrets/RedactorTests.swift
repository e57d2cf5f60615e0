@testable import Envelope
import TestSupport
import Testing

@testable import Host

@Suite struct RedactorTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func redactor(_ secrets: [String: String]) throws -> Redactor {
    let redactor = Redactor()
    let credentials = try secrets.map { name, value in
      (name, Tenant.CredentialSource.file(try directory.write("\(name)-file", Array(value.utf8))))
    }
    let tenant = Tenant.made("echo", "demo", Dictionary(uniqueKeysWithValues: credentials))
    _ = try SecretStore(tenants: [tenant], directory: nil, redactor: redactor)
    return redactor
  }

  private static let secret = "s3cr3t/Tok+en=\"q\\x"

  @Test func `a secret is taken out however it is written`() throws {
    let redactor = try redactor(["token": Self.secret])
    let name = "[echo/demo token]"
    let bytes = Array(Self.secret.utf8)
    let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    let percent = "s3cr3t%2FTok%2Ben%3D%22q%5Cx"
    #expect(redactor.redact("a \(Self.secret) b \(Self.secret)") == "a \(name) b \(name)")
    #expect(redactor.redact("x\(hex)y\(hex.uppercased())z") == "x\(name)y\(name)z")
    #expect(redactor.redact("?token=\(percent)&a") == "?token=\(name)&a")
    #expect(redactor.redact("?token=s3cr3t%2fTok%2ben%3d%22q%5cx&a") == "?token=\(name)&a")
    #expect(redactor.redact(JSON.string(Self.secret).text) == "\"\(name)\"")
  }

  @Test(arguments: ["", "a", "ab", "user:", "Bearer "])
  func `a secret within a longer text is taken out of its base64`(prefix: String) throws {
    let redactor = try redactor(["token": Self.secret])
    for suffix in ["", "z", "zz", " and more"] {
      let text = Base64.encode(Array("\(prefix)\(Self.secret)\(suffix)".utf8))
      for form in [text, text.replacing("+", with: "-").replacing("/", with: "_")] {
        let redacted = redactor.redact(form)
        #expect(redacted.contains("[echo/demo token]"), "\(form) stayed \(redacted)")
        #expect(redacted.count < form.count - Self.secret.count + "[echo/demo token]".count + 4)
      }
    }
  }

  @Test func `what is no secret stays as it is`() throws {
    let redactor = try redactor(["token": Self.secret, "pin": "1234"])
    for text in ["", "a", "s3cr3t", "1234 is the number of a house", String(repeating: "s3cr3t/", count: 100)] {
      #expect(redactor.redact(text) == text)
    }
    #expect(Redactor().redact(Self.secret) == Self.secret)
  }

  @Test func `of two secrets of which one holds the other, the longer is named`() throws {
    let redactor = try redactor(["long": "abcdefgh-ijklmnop", "short": "abcdefgh"])
    #expect(redactor.redact("abcdefgh-ijklmnop abcdefgh") == "[echo/demo long] [echo/demo short]")
  }

  @Test func `a secret that is part of its own name is replaced, and that ends`() throws {
    #expect(
      try redactor(["token": "echo/demo"]).redact("as echo/demo, echo/demo")
        == "as [echo/demo token], [echo/demo token]"
    )
  }

  @Test func `what was replaced is looked for still, until it has been replaced often`() throws {
    let redactor = Redactor()
    let file = try directory.write("file", Array("number-0".utf8))
    let tenant = Tenant.made("echo", "demo", ["token": .file(file)])
    let store = try SecretStore(tenants: [tenant], directory: nil, redactor: redactor)
    for number in 1...4 {
      try directory.write("file", Array("number-\(number)".utf8))
      _ = try store.read()
      // What has not changed pushes nothing out.
      _ = try store.read()
    }
    let name = "[echo/demo token]"
    #expect(
      redactor.redact("number-0 number-1 number-2 number-3 number-4") == "number-0 \(name) \(name) \(name) \(name)"
    )
  }

  @Test func `a metric is not named after a secret`() throws {
    let metrics = PluginMetrics(Metrics(), redactor: try redactor(["token": "abc_def"]))
    let refused = metrics.record(kind: 1, name: "of_abc_def", value: 1, plugin: "p", instance: "p")
    #expect(refused?.description.contains("expected a name without a credential in it") == true)
    #expect(metrics.record(kind: 1, name: "of_abc", value: 1, plugin: "p", instance: "p") == nil)
  }

  @Test func `a label of a metric holds no secret, however long its value`() throws {
    let registry = Metrics()
    let metrics = PluginMetrics(registry, redactor: try redactor(["token": "0123456789abcdef"]))
    let value = String(repeating: "x", count: 120) + "0123456789abcdef"
    #expect(metrics.record(kind: 1, name: "a", labels: "url=\(value)", value: 1, plugin: "p", instance: "p") == nil)
    #expect(!registry.expose().text.contains("0123"))
    #expect(
      metrics.record(kind: 1, name: "b", labels: "0123456789abcdef=1", value: 1, plugin: "p", instance: "p") != nil
    )
  }

  @Test func `the log holds no secret, wherever in a record it stood`() throws {
    let redactor = try redactor(["token": "0123456789abcdef"])
    let log = try Log(Log.Options(), redactor: redactor)
    log.error("failed with 0123456789abcdef", ["url": "https://x/?t=0123456789abcdef"], plugin: "p")
    let line = String(decoding: try #require(log.latest(1).first).line, as: UTF8.self)
    #expect(line.contains("failed with [echo/demo token]") && line.contains("https://x/?t=[echo/demo token]"))
    #expect(!line.contains("0123456789abcdef"))
    log.close()
  }
}

extension Tenant {
  static func made(_ provider: String, _ tenant: String, _ credentials: [String: CredentialSource]) -> Tenant {
    Tenant(
      id: TenantID(provider: provider, tenant: tenant),
      credentials: credentials,
      allow: [:],
      rate: [:],
      location: SourceLocation(file: "plugins.yml", line: 1, column: 1)
    )
  }
}
