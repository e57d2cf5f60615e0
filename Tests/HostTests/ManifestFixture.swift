import Glibc
import Signing
import TestSupport
import Testing

@testable import Host

/// A deployment on disk that is well, to be broken in one place: three plugins, three tenants.
final class ManifestFixture {
  private let temporary: TemporaryDirectory
  var directory: String { temporary.path }
  var files: [String: String] = ["plugins.yml": ManifestFixture.plugins]
  var manifests = [
    "Echo": ManifestFixture.echo, "Storage": ManifestFixture.storage, "Indexer": ManifestFixture.indexer,
  ]
  /// Applied to the bytes of a library after they were made.
  var damage: [String: (inout [UInt8]) -> Void] = [:]

  init() throws {
    temporary = try TemporaryDirectory()
    try makeDirectory("plugins.d")
  }

  /// Makes a directory within the deployment's, and returns its path.
  @discardableResult
  func makeDirectory(_ name: String) throws -> String {
    let made = unsafe mkdir(temporary.file(name), 0o700)
    try #require(made == 0)
    return temporary.file(name)
  }

  /// Writes a file within the deployment's directory.
  func write(_ name: String, _ bytes: [UInt8]) throws {
    try temporary.write(name, bytes)
  }

  /// Replaces a text that stands once in a file: `plugins.yml`, or a library's name for its manifest.
  func edit(_ file: String, _ old: String, _ new: String) {
    let text = files[file] ?? manifests[file] ?? ""
    let found = text.ranges(of: old)
    guard let range = found.first, found.count == 1 else {
      Issue.record("\(found.count) times in \(file): \(old)")
      return
    }
    let edited = text[..<range.lowerBound] + new + text[range.upperBound...]
    if files[file] != nil { files[file] = String(edited) } else { manifests[file] = String(edited) }
  }

  func write() throws {
    for (name, text) in files { try write(name, Array(text.utf8)) }
    for (name, manifest) in manifests {
      var bytes = ELFFixture.library(notes: ELFFixture.note(manifest: Array(manifest.utf8)))
      damage[name]?(&bytes)
      try write("plugins.d/lib\(name).so", bytes)
      try sign("plugins.d/lib\(name).so")
    }
  }

  /// Signs a file within the deployment's directory with the key that the deployment trusts.
  func sign(_ name: String, _ key: SecretKey = ManifestFixture.key) throws {
    let signature = try key.sign(FileHash(path: temporary.file(name)), comment: "signed by a test")
    try write(Signature.path(of: name), Array(signature.fileText.utf8))
  }

  func read() throws -> (deployment: Deployment?, diagnostics: [Diagnostic]) {
    try write()
    return Deployment.read(path: "\(directory)/plugins.yml", searchPath: [])
  }

  /// What is wrong, with paths relative to the fixture.
  func messages() throws -> [String] {
    try read().diagnostics.map { $0.description.replacing(directory + "/", with: "") }
  }

  /// Where this package stands.
  static let repository = String(#filePath.dropLast("/Tests/HostTests/ManifestFixture.swift".count))

  /// Whose signatures the deployment trusts.
  static let key = SecretKey.generate()

  static let plugins = """
    version: 1
    host:
      http: { port: 8650 }
      journal: { sync: full, window: 24h }
      keys: [\(key.publicKey)]
    tenants:
      - { provider: echo, tenant: demo, credentials: { token: { env: ECHO_TOKEN } } }
      - { provider: echo, tenant: other }
      - { provider: pigeon, tenant: coop }
    plugins:
      echo:
        library: Echo
        tenants: [echo/demo]
        grants:
          subscribe: [promethean.p.echo.t.*.control.send]
          publish: ["promethean.p.echo.t.*.events.>"]
          secrets.read: [token]
          net.dial: ["echo.example:443"]
          fs.write: [/srv/echo]
          provider.rest.call: {}
          log: {}
      storage:
        library: plugins.d/libStorage.so
        tenants: ["*/*"]
        grants:
          fs.write: [data]
      indexer:
        library: Indexer
        tenants: ["*/*"]
        replicas: 2
        require: landlock
        grants:
          subscribe: ["promethean.p.*.t.*.events.(Created|Updated)"]
          storage.documents: { messages: write }
        limits: { memory: 64MiB, deadline: 5s }
        config: { batch_max: 128 }

    """

  static let echo = """
    agent:
      id: echo
      kind: access
      provider: echo
      version: 0.1.0
      abi: 1.1
      inputs: [{ topic: "promethean.p.echo.t.*.control.send" }]
      outputs: [{ topic: "promethean.p.echo.t.*.events.>" }]
      capabilities:
        - log
        - provider.rest.call
        - secrets.read: ["*"]
        - net.dial: ["*.example:443", "echo.example:443"]
        - fs.write: [data, /]
        - http.fetch: ["https://*.example/api/*"]

    """

  static let storage = """
    agent:
      id: storage
      kind: service
      version: 0.1.0
      abi: 1.1
      durability: stateful
      provides: [storage.documents]
      capabilities:
        - fs.write: [data, /srv]
        - embed.text: ["*"]
        - storage.documents: { messages: [read, write] }

    """

  static let indexer = """
    agent:
      id: indexer
      kind: worker
      version: 0.1.0-beta.1
      abi: 1.1
      description: Finds things again.
      idempotency_key: "{provider}:{tenant}:{message_id}"
      inputs:
        - topic: "promethean.p.*.t.*.events.Created"
          payload: { $ref: schemas/SocialMessageCreated }
        - topic: "promethean.p.*.t.*.events.Updated"
      outputs: [{ topic: "promethean.p.*.t.*.jobs.>" }]
      provides: [embed.text]
      capabilities:
        - storage.documents: { messages: write }
        - fs.write: [/srv/echo]
      health: { interval: 5s }
      config:
        type: object
        required: [batch_max]
        properties:
          batch_max: { type: integer, minimum: 1, maximum: 512 }
          mode: { type: string, enum: [fast, safe], default: safe }
          ratio: { type: number, default: 0.5 }
          names: { type: array, items: { type: string }, default: [] }
          retry: { type: object, properties: { delay: { type: string, default: 5s } } }

    """
}
