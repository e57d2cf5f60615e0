import TestSupport

@testable import Host

/// A deployment whose manifests ask for and are granted something of every kind.
enum FuzzDeployment {
  /// The libraries are there once and for all.
  private static let libraries: Void = {
    for (name, manifest) in manifests {
      let library = ELFFixture.library(notes: ELFFixture.note(manifest: Array(manifest.utf8)))
      _ = try? FuzzFiles.write("lib\(name).so", library)
    }
  }()

  /// Reads a plugins.yml that stands beside the libraries.
  static func read(_ plugins: [UInt8]) throws -> (deployment: Deployment?, diagnostics: [Diagnostic]) {
    libraries
    let path = try FuzzFiles.write("plugins.yml", plugins)
    return Deployment.read(path: path, searchPath: [FuzzFiles.path])
  }

  /// Everything, granted; also an input to begin with.
  static let plugins = """
    version: 1
    host: { http: { enabled: false }, journal: { sync: normal, window: 1h }, keys: [RWT9zah1HXyr6p2xPVIcFD/zX+WUFLszZnyZbxUyt7jJ186yhhgYsVAQ] }
    tenants:
      - { provider: echo, tenant: demo, credentials: { token: { env: TOKEN } }, allow: { guilds: ["1"] }, rate: { max: 1 } }
      - { provider: echo, tenant: other }
    plugins:
      echo:
        library: Echo
        trust: unsigned
        tenants: [echo/demo]
        grants:
          subscribe: [promethean.p.echo.t.*.control.send]
          publish: ["promethean.p.echo.t.*.(events|jobs|voice).>"]
          secrets.read: [token]
          net.dial: ["echo.example:443", "udp://*.media.example:*"]
          http.fetch: ["GET https://api.example/v1/*"]
          provider.rest.call: {}
          fs.write: [data]
          clock: {}
          log: {}
          metrics: {}
          state: {}
      storage:
        library: Storage
        trust: unsigned
        tenants: ["*/*"]
        grants: { fs.write: [data], log: {} }
      worker:
        library: Worker
        trust: unsigned
        tenants: ["*/*"]
        replicas: 2
        require: landlock
        grants:
          subscribe: ["promethean.p.*.t.*.events.(Created|Updated)", "promethean.p.echo.t.demo.voice.>"]
          publish: ["promethean.p.*.t.*.jobs.>"]
          storage.documents: { messages: [read, write] }
          log: {}
          state: {}
        limits: { memory: 64MiB, deadline: 5s, max_attempts: 3 }
        config: { batch_max: 128, names: [a] }

    """

  static let manifests = ["Echo": echo, "Storage": storage, "Worker": worker]

  static let echo = """
    agent:
      id: echo
      kind: access
      provider: echo
      version: 0.1.0
      abi: 1.1
      inputs: [{ topic: "promethean.p.echo.t.*.control.send" }]
      outputs: [{ topic: "promethean.p.echo.t.*.(events|jobs|voice).>" }]
      capabilities:
        - clock
        - log
        - metrics
        - state
        - provider.rest.call
        - secrets.read: ["*"]
        - net.dial: ["*.example:443", "echo.example:443", "udp://*.media.example:*"]
        - fs.write: [data, /srv/echo]
        - http.fetch: ["* https://*.example/*", "GET https://api.example/v1/*"]

    """

  static let storage = """
    agent:
      id: storage
      kind: service
      version: 0.1.0
      abi: 1.1
      durability: stateful
      provides: [storage.documents, http.fetch]
      capabilities:
        - log
        - fs.write: [data]

    """

  static let worker = """
    agent:
      id: worker
      kind: worker
      version: 0.1.0-beta.1
      abi: 1.1
      description: Sees what happens.
      idempotency_key: "{provider}:{tenant}:{message_id}"
      inputs:
        - topic: "promethean.p.*.t.*.events.(Created|Updated)"
          payload: { $ref: schemas/SocialMessageCreated }
        - topic: promethean.p.echo.t.demo.voice.>
      outputs: [{ topic: "promethean.p.*.t.*.jobs.>" }]
      capabilities:
        - log
        - state
        - storage.documents: { "*": [read, write] }
        - social.post: ["urn:echo:space:*"]
      health: { interval: 5s }
      config:
        type: object
        required: [batch_max]
        properties:
          batch_max: { type: integer, minimum: 1, maximum: 512 }
          mode: { type: string, enum: [fast, safe], default: safe }
          names: { type: array, items: { type: string }, default: [] }

    """
}
