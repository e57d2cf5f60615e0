extension BrokenManifest {
  static let grants = [
    BrokenManifest(
      "unknown capability",
      in: "plugins.yml",
      "storage.documents: {",
      "storage.document: {",
      "plugins.yml:34:7: plugins.indexer.grants.storage.document: unknown capability \"storage.document\"; "
        + "did you mean \"storage.documents\"?"
    ),
    BrokenManifest(
      "granted beyond the request",
      in: "plugins.yml",
      "messages: write",
      "messages: read",
      "plugins.yml:34:28: plugins.indexer.grants.storage.documents: messages:read is granted but not requested by plugin.yml, "
        + "which requests messages:write"
    ),
    BrokenManifest(
      "granted topics beyond the request",
      in: "plugins.yml",
      "events.(Created|Updated)",
      "events.>",
      "plugins.yml:33:19: plugins.indexer.grants.subscribe: promethean.p.*.t.*.events.> is granted but not requested by "
        + "plugin.yml, which requests promethean.p.*.t.*.events.Created and promethean.p.*.t.*.events.Updated"
    ),
    BrokenManifest(
      "granted without a request",
      in: "plugins.yml",
      "log: {}",
      "clock: {}",
      "plugins.yml:21:7: plugins.echo.grants.clock: granted but not requested by plugin.yml"
    ),
    BrokenManifest(
      "input that is not granted",
      in: "plugins.yml",
      "events.(Created|Updated)",
      "events.Created",
      "plugins.yml:33:7: plugins.indexer.grants.subscribe: does not include the input promethean.p.*.t.*.events.Updated "
        + "(libIndexer.so(plugin.yml):11:14)"
    ),
    BrokenManifest(
      "no grant for the inputs",
      in: "plugins.yml",
      "      subscribe: [promethean.p.echo.t.*.control.send]\n",
      "",
      "plugins.yml:14:5: plugins.echo.grants.subscribe: does not include the input promethean.p.echo.t.*.control.send "
        + "(libEcho.so(plugin.yml):7:21)"
    ),
    BrokenManifest(
      "worker granted provider.rest.call",
      in: "plugins.yml",
      "storage.documents: { messages: write }",
      "provider.rest.call: {}",
      "plugins.yml:34:7: plugins.indexer.grants.provider.rest.call: a worker cannot hold it; it needs kind: access"
    ),
    BrokenManifest(
      "worker granted provider.gateway.connect",
      in: "plugins.yml",
      "storage.documents: { messages: write }",
      "provider.gateway.connect: {}",
      "plugins.yml:34:7: plugins.indexer.grants.provider.gateway.connect: a worker cannot hold it; it needs kind: access"
    ),
    BrokenManifest(
      "worker granted provider.voice.connect",
      in: "plugins.yml",
      "storage.documents: { messages: write }",
      "provider.voice.connect: {}",
      "plugins.yml:34:7: plugins.indexer.grants.provider.voice.connect: a worker cannot hold it; it needs kind: access"
    ),
    BrokenManifest(
      "worker granted provider.voice.send",
      in: "plugins.yml",
      "storage.documents: { messages: write }",
      "provider.voice.send: {}",
      "plugins.yml:34:7: plugins.indexer.grants.provider.voice.send: a worker cannot hold it; it needs kind: access"
    ),
    BrokenManifest(
      "more for a tenant than its plugin can be told",
      in: "plugins.yml",
      "credentials: { token: { env: ECHO_TOKEN } } }",
      "credentials: { token: { env: ECHO_TOKEN } }, rate: { note: \(String(repeating: "x", count: 1 << 16)) } }",
      "plugins.yml:12:5: plugins.echo: tenant echo/demo: its allow and rate and the routes that are granted come to 65602 bytes "
        + "as JSON, expected at most 65536"
    ),
    BrokenManifest(
      "pattern that is none",
      in: "plugins.yml",
      "[promethean.p.echo.t.*.control.send]",
      "[promethean.>.send]",
      "plugins.yml:15:19: plugins.echo.grants.subscribe[0]: topic \"promethean.>.send\": expected '>' only as the last token"
    ),
    BrokenManifest(
      "the host's own topics",
      in: "plugins.yml",
      "\"promethean.p.echo.t.*.events.>\"",
      "promethean.sys.events.x",
      "plugins.yml:16:17: plugins.echo.grants.publish[0]: topic \"promethean.sys.events.x\": only the host publishes there"
    ),
    BrokenManifest(
      "secret that is not there",
      in: "plugins.yml",
      "secrets.read: [token]",
      "secrets.read: [password]",
      "plugins.yml:17:22: plugins.echo.grants.secrets.read: tenant echo/demo has no credential password"
    ),
    BrokenManifest(
      "endpoint without a port",
      in: "plugins.yml",
      "[\"echo.example:443\"]",
      "[echo.example]",
      "plugins.yml:18:18: plugins.echo.grants.net.dial[0]: \"echo.example\" names no port; expected host:port"
    ),
    BrokenManifest(
      "endpoint beyond the request",
      in: "plugins.yml",
      "[\"echo.example:443\"]",
      "[\"*:443\"]",
      "plugins.yml:18:18: plugins.echo.grants.net.dial: *:443 is granted but not requested by plugin.yml, "
        + "which requests *.example:443 and echo.example:443"
    ),
    BrokenManifest(
      "something to choose where there is nothing",
      in: "plugins.yml",
      "log: {}",
      "log: [all]",
      "plugins.yml:21:12: plugins.echo.grants.log: expected {}, for log has nothing to choose, found a list"
    ),
    BrokenManifest(
      "collection neither read nor written",
      in: "plugins.yml",
      "messages: write",
      "messages: append",
      "plugins.yml:34:38: plugins.indexer.grants.storage.documents.messages: expected read, write or [read, write], found \"append\""
    ),
    BrokenManifest(
      "path that climbs",
      in: "plugins.yml",
      "fs.write: [data]",
      "fs.write: [../data]",
      "plugins.yml:26:18: plugins.storage.grants.fs.write[0]: \"../data\" is no plain path; expected no empty, . or .. parts"
    ),
    BrokenManifest(
      "the whole file system",
      in: "plugins.yml",
      "fs.write: [/srv/echo]",
      "fs.write: [/]",
      "plugins.yml:19:18: plugins.echo.grants.fs.write: / is all there is; name directories"
    ),
    BrokenManifest(
      "the kernel's files",
      in: "plugins.yml",
      "fs.write: [/srv/echo]",
      "fs.write: [/proc/self]",
      "plugins.yml:19:18: plugins.echo.grants.fs.write: /proc/self is within /proc, which no plugin may use"
    ),
  ]

  static let between = [
    BrokenManifest(
      "overlapping writes",
      in: "plugins.yml",
      "fs.write: [data]",
      "fs.write: [/srv]",
      "plugins.yml:26:18: plugins.storage.grants.fs.write: /srv overlaps with /srv/echo, which echo writes (plugins.yml:19:18)"
    ),
    BrokenManifest(
      "nobody provides it",
      in: "Storage",
      "provides: [storage.documents]",
      "provides: [storage.blobs]",
      "plugins.yml:34:7: plugins.indexer.grants.storage.documents: no enabled plugin provides it"
    ),
    BrokenManifest(
      "nobody provides it for one tenant",
      in: "plugins.yml",
      "    library: plugins.d/libStorage.so\n    tenants: [\"*/*\"]\n",
      "    library: Storage\n    tenants: [\"echo/*\"]\n",
      "plugins.yml:34:7: plugins.indexer.grants.storage.documents: no enabled plugin provides it for pigeon/coop"
    ),
    BrokenManifest(
      "two provide it",
      in: "Indexer",
      "provides: [embed.text]",
      "provides: [storage.documents]",
      "plugins.yml:27:3: plugins.indexer: storage already provides storage.documents for echo/demo, echo/other and pigeon/coop"
    ),
    BrokenManifest(
      "two services that wait for each other",
      in: "plugins.yml",
      "fs.write: [data]",
      "embed.text: [\"*\"]",
      "plugins.yml:34:7: plugins.indexer.grants.storage.documents: storage -> indexer -> storage is a cycle of services that wait for each other"
    ),
    BrokenManifest(
      "a service that waits for itself",
      in: "plugins.yml",
      "fs.write: [data]",
      "storage.documents: { messages: read }",
      "plugins.yml:26:7: plugins.storage.grants.storage.documents: storage -> storage is a cycle of services that wait for each other"
    ),
    BrokenManifest(
      "two with access to one tenant",
      in: "Storage",
      ManifestFixture.storage,
      """
      agent: { id: storage, kind: access, provider: echo, version: 1.0.0, abi: 1.1, provides: [storage.documents],
        capabilities: [fs.write: [data]] }
      """,
      "plugins.yml:24:15: plugins.storage.tenants: echo already has access to echo/demo",
      "plugins.yml:34:7: plugins.indexer.grants.storage.documents: no enabled plugin provides it for pigeon/coop"
    ),
  ]
}
