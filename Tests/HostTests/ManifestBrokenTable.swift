import Testing

/// A text in a good deployment, what to put in its place, and all that is then said.
struct BrokenManifest: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var file: String
  var old: String
  var new: String
  var messages: [String]

  init(_ what: String, in file: String, _ old: String, _ new: String, _ messages: String...) {
    (testDescription, self.file, self.old, self.new, self.messages) = (what, file, old, new, messages)
  }
}

extension BrokenManifest {
  static let structure = [
    BrokenManifest(
      "wrong type of the whole",
      in: "plugins.yml",
      ManifestFixture.plugins,
      "- a\n",
      "plugins.yml:1:1: expected a mapping, found a list"
    ),
    BrokenManifest(
      "empty",
      in: "plugins.yml",
      ManifestFixture.plugins,
      "# nothing\n",
      "plugins.yml:2:1: the file is empty"
    ),
    BrokenManifest(
      "not YAML",
      in: "plugins.yml",
      "tenants: [echo/demo]",
      "tenants: [echo/demo",
      "plugins.yml:13:11: while parsing a flow sequence: did not find expected ',' or ']'"
    ),
    BrokenManifest(
      "tab for indentation",
      in: "plugins.yml",
      "    library: Echo\n",
      "\tlibrary: Echo\n",
      "plugins.yml:11:1: while scanning for the next token: found character that cannot start any token"
    ),
    BrokenManifest(
      "duplicate id",
      in: "plugins.yml",
      "  storage:\n",
      "  echo:\n",
      "plugins.yml:21:3: \"echo\" stands here a second time; first in line 10"
    ),
    BrokenManifest(
      "alias",
      in: "plugins.yml",
      "fs.write: [data]",
      "fs.write: *paths",
      "plugins.yml:25:17: aliases are not supported; write the value out"
    ),
    BrokenManifest(
      "unknown key at the top",
      in: "plugins.yml",
      "tenants:\n",
      "tenant:\n",
      "plugins.yml:5:1: tenant: unknown key; did you mean \"tenants\"?",
      "plugins.yml:12:15: plugins.echo.tenants: there is no tenant echo/demo",
      "plugins.yml:23:15: plugins.storage.tenants: there is no tenant */*",
      "plugins.yml:28:15: plugins.indexer.tenants: there is no tenant */*"
    ),
    BrokenManifest("no version", in: "plugins.yml", "version: 1\n", "\n", "plugins.yml:2:1: \"version\" is missing"),
    BrokenManifest(
      "another version",
      in: "plugins.yml",
      "version: 1\n",
      "version: \"1\"\n",
      "plugins.yml:1:10: version: expected 1, the version of this file's shape, found \"1\""
    ),
  ]

  static let hostAndTenants = [
    BrokenManifest(
      "port beyond 16 bits",
      in: "plugins.yml",
      "port: 8650",
      "port: 65536",
      "plugins.yml:3:17: host.http.port: expected an integer from 0 to 65535, found 65536"
    ),
    BrokenManifest(
      "sync that is neither",
      in: "plugins.yml",
      "sync: full",
      "sync: off",
      "plugins.yml:4:20: host.journal.sync: expected full or normal, found \"off\""
    ),
    BrokenManifest(
      "duration without a unit",
      in: "plugins.yml",
      "window: 24h",
      "window: 24",
      "plugins.yml:4:34: host.journal.window: expected a duration from 1s to 30d, as 5s, found 24"
    ),
    BrokenManifest(
      "tenant without a name",
      in: "plugins.yml",
      "{ provider: pigeon, tenant: coop }",
      "{ provider: pigeon }",
      "plugins.yml:8:5: tenants[2]: \"tenant\" is missing"
    ),
    BrokenManifest(
      "tenant's name in capitals",
      in: "plugins.yml",
      "tenant: coop",
      "tenant: Coop",
      "plugins.yml:8:33: tenants[2].tenant: expected a name of lower-case letters, digits, - and _, found \"Coop\""
    ),
    BrokenManifest(
      "tenant twice",
      in: "plugins.yml",
      "{ provider: pigeon, tenant: coop }",
      "{ provider: echo, tenant: demo }",
      "plugins.yml:8:5: tenants: echo/demo stands here a second time; first in line 6"
    ),
    BrokenManifest(
      "credential in the open",
      in: "plugins.yml",
      "{ env: ECHO_TOKEN }",
      "s3cret",
      "plugins.yml:6:59: tenants[0].credentials.token: expected a mapping, found \"s3cret\""
    ),
    BrokenManifest(
      "credential from two places",
      in: "plugins.yml",
      "{ env: ECHO_TOKEN }",
      "{ env: A, file: /b }",
      "plugins.yml:6:59: tenants[0].credentials.token: expected one of env, file or credential, found 2"
    ),
  ]

  static let plugins = [
    BrokenManifest(
      "unknown key with a near one",
      in: "plugins.yml",
      "replicas: 2",
      "replica: 2",
      "plugins.yml:29:5: plugins.indexer.replica: unknown key; did you mean \"replicas\"?"
    ),
    BrokenManifest(
      "unknown key with none near",
      in: "plugins.yml",
      "deadline: 5s",
      "colour: red",
      "plugins.yml:34:30: plugins.indexer.limits.colour: unknown key; "
        + "expected memory, threads, descriptors, file_size, deadline, in_flight or max_attempts"
    ),
    BrokenManifest(
      "no library",
      in: "plugins.yml",
      "    library: Echo\n",
      "",
      "plugins.yml:11:5: plugins.echo: \"library\" is missing"
    ),
    BrokenManifest(
      "no tenants",
      in: "plugins.yml",
      "    tenants: [echo/demo]\n",
      "",
      "plugins.yml:11:5: plugins.echo: \"tenants\" is missing"
    ),
    BrokenManifest(
      "list of no tenants",
      in: "plugins.yml",
      "tenants: [echo/demo]",
      "tenants: []",
      "plugins.yml:12:14: plugins.echo.tenants: expected at least one tenant"
    ),
    BrokenManifest(
      "tenant that does not exist",
      in: "plugins.yml",
      "tenants: [echo/demo]",
      "tenants: [echo/demo, echo/nobody]",
      "plugins.yml:12:26: plugins.echo.tenants: there is no tenant echo/nobody"
    ),
    BrokenManifest(
      "tenant of another provider",
      in: "plugins.yml",
      "tenants: [echo/demo]",
      "tenants: [echo/demo, pigeon/coop]",
      "plugins.yml:12:26: plugins.echo.tenants: pigeon/coop is a tenant of pigeon, echo speaks echo"
    ),
    BrokenManifest(
      "selector that is none",
      in: "plugins.yml",
      "tenants: [echo/demo]",
      "tenants: [echo/demo, echo]",
      "plugins.yml:12:26: plugins.echo.tenants[1]: expected provider/tenant, provider/* or */*, found \"echo\""
    ),
    BrokenManifest(
      "tenants as a text",
      in: "plugins.yml",
      "tenants: [echo/demo]",
      "tenants: echo/demo",
      "plugins.yml:12:14: plugins.echo.tenants: expected a list, found \"echo/demo\""
    ),
    BrokenManifest(
      "id that is not the library's",
      in: "plugins.yml",
      "  indexer:\n",
      "  index:\n",
      "plugins.yml:27:5: plugins.index: the library is the plugin \"indexer\"; its entry must be named so"
    ),
    BrokenManifest(
      "replicas of an access plugin",
      in: "plugins.yml",
      "    tenants: [echo/demo]\n",
      "    tenants: [echo/demo]\n    replicas: 2\n",
      "plugins.yml:13:15: plugins.echo.replicas: only a worker has replicas, echo is an access plugin"
    ),
    BrokenManifest(
      "no replicas",
      in: "plugins.yml",
      "replicas: 2",
      "replicas: 0",
      "plugins.yml:29:15: plugins.indexer.replicas: expected an integer from 1 to 64, found 0"
    ),
    BrokenManifest(
      "yes for true",
      in: "plugins.yml",
      "replicas: 2",
      "enabled: yes",
      "plugins.yml:29:14: plugins.indexer.enabled: expected true or false, found \"yes\""
    ),
    BrokenManifest(
      "sandbox that is none",
      in: "plugins.yml",
      "require: landlock",
      "require: some",
      "plugins.yml:30:14: plugins.indexer.require: expected full, landlock or none, found \"some\""
    ),
    BrokenManifest(
      "in the host's process",
      in: "plugins.yml",
      "require: landlock",
      "placement: inproc",
      "plugins.yml:30:16: plugins.indexer.placement: expected process, found \"inproc\""
    ),
    BrokenManifest(
      "too little memory",
      in: "plugins.yml",
      "memory: 64MiB",
      "memory: 16MiB",
      "plugins.yml:34:23: plugins.indexer.limits.memory: expected a number of bytes from 32MiB to 64GiB, as 64MiB, found \"16MiB\""
    ),
    BrokenManifest(
      "limits as a list",
      in: "plugins.yml",
      "limits: { memory: 64MiB, deadline: 5s }",
      "limits: [64MiB]",
      "plugins.yml:34:13: plugins.indexer.limits: expected a mapping, found a list"
    ),
    BrokenManifest(
      "config of the wrong type",
      in: "plugins.yml",
      "batch_max: 128",
      "batch_max: many",
      "plugins.yml:35:26: plugins.indexer.config.batch_max: expected an integer from 1 to 512, found \"many\""
    ),
    BrokenManifest(
      "config out of range",
      in: "plugins.yml",
      "batch_max: 128",
      "batch_max: 513",
      "plugins.yml:35:26: plugins.indexer.config.batch_max: expected an integer from 1 to 512, found 513"
    ),
    BrokenManifest(
      "config that is not one of",
      in: "plugins.yml",
      "batch_max: 128",
      "batch_max: 128, mode: slow",
      "plugins.yml:35:37: plugins.indexer.config.mode: expected \"fast\" or \"safe\", found \"slow\""
    ),
    BrokenManifest(
      "config of an unknown name",
      in: "plugins.yml",
      "batch_max: 128",
      "batch_max: 128, node: safe",
      "plugins.yml:35:31: plugins.indexer.config.node: unknown key; did you mean \"mode\"?"
    ),
    BrokenManifest(
      "config without what is required",
      in: "plugins.yml",
      "{ batch_max: 128 }",
      "{}",
      "plugins.yml:35:13: plugins.indexer.config: \"batch_max\" is missing"
    ),
    BrokenManifest(
      "no config where some is required",
      in: "plugins.yml",
      "    config: { batch_max: 128 }\n",
      "",
      "plugins.yml:27:5: plugins.indexer: \"config\" is missing; the plugin requires batch_max"
    ),
  ]
}

extension BrokenManifest {
  static let grants = [
    BrokenManifest(
      "unknown capability",
      in: "plugins.yml",
      "storage.documents: {",
      "storage.document: {",
      "plugins.yml:33:7: plugins.indexer.grants.storage.document: unknown capability \"storage.document\"; "
        + "did you mean \"storage.documents\"?"
    ),
    BrokenManifest(
      "granted beyond the request",
      in: "plugins.yml",
      "messages: write",
      "messages: read",
      "plugins.yml:33:28: plugins.indexer.grants.storage.documents: messages:read is granted but not requested by plugin.yml"
    ),
    BrokenManifest(
      "granted topics beyond the request",
      in: "plugins.yml",
      "events.(Created|Updated)",
      "events.>",
      "plugins.yml:32:19: plugins.indexer.grants.subscribe: promethean.p.*.t.*.events.> is granted but not requested by plugin.yml"
    ),
    BrokenManifest(
      "granted without a request",
      in: "plugins.yml",
      "log: {}",
      "clock: {}",
      "plugins.yml:20:7: plugins.echo.grants.clock: granted but not requested by plugin.yml"
    ),
    BrokenManifest(
      "input that is not granted",
      in: "plugins.yml",
      "events.(Created|Updated)",
      "events.Created",
      "plugins.yml:32:7: plugins.indexer.grants.subscribe: does not include the input promethean.p.*.t.*.events.Updated "
        + "(libIndexer.so(plugin.yml):11:14)"
    ),
    BrokenManifest(
      "no grant for the inputs",
      in: "plugins.yml",
      "      subscribe: [promethean.p.echo.t.*.control.send]\n",
      "",
      "plugins.yml:13:5: plugins.echo.grants.subscribe: does not include the input promethean.p.echo.t.*.control.send "
        + "(libEcho.so(plugin.yml):7:21)"
    ),
    BrokenManifest(
      "worker granted a provider",
      in: "plugins.yml",
      "storage.documents: { messages: write }",
      "provider.rest.call: {}",
      "plugins.yml:33:7: plugins.indexer.grants.provider.rest.call: a worker cannot hold it; only access plugins can"
    ),
    BrokenManifest(
      "pattern that is none",
      in: "plugins.yml",
      "[promethean.p.echo.t.*.control.send]",
      "[promethean.>.send]",
      "plugins.yml:14:19: plugins.echo.grants.subscribe[0]: topic \"promethean.>.send\": expected '>' only as the last token"
    ),
    BrokenManifest(
      "the host's own topics",
      in: "plugins.yml",
      "\"promethean.p.echo.t.*.events.>\"",
      "promethean.sys.events.x",
      "plugins.yml:15:17: plugins.echo.grants.publish[0]: topic \"promethean.sys.events.x\": only the host publishes there"
    ),
    BrokenManifest(
      "secret that is not there",
      in: "plugins.yml",
      "secrets.read: [token]",
      "secrets.read: [password]",
      "plugins.yml:16:22: plugins.echo.grants.secrets.read: tenant echo/demo has no credential password"
    ),
    BrokenManifest(
      "endpoint without a port",
      in: "plugins.yml",
      "[\"echo.example:443\"]",
      "[echo.example]",
      "plugins.yml:17:18: plugins.echo.grants.net.dial[0]: \"echo.example\" names no port; expected host:port"
    ),
    BrokenManifest(
      "endpoint beyond the request",
      in: "plugins.yml",
      "[\"echo.example:443\"]",
      "[\"*:443\"]",
      "plugins.yml:17:18: plugins.echo.grants.net.dial: *:443 is granted but not requested by plugin.yml"
    ),
    BrokenManifest(
      "something to choose where there is nothing",
      in: "plugins.yml",
      "log: {}",
      "log: [all]",
      "plugins.yml:20:12: plugins.echo.grants.log: expected {}, for log has nothing to choose, found a list"
    ),
    BrokenManifest(
      "collection neither read nor written",
      in: "plugins.yml",
      "messages: write",
      "messages: append",
      "plugins.yml:33:38: plugins.indexer.grants.storage.documents.messages: expected read, write or [read, write], found \"append\""
    ),
    BrokenManifest(
      "path that climbs",
      in: "plugins.yml",
      "fs.write: [data]",
      "fs.write: [../data]",
      "plugins.yml:25:18: plugins.storage.grants.fs.write[0]: \"../data\" is no plain path; expected no empty, . or .. parts"
    ),
    BrokenManifest(
      "the whole file system",
      in: "plugins.yml",
      "fs.write: [/srv/echo]",
      "fs.write: [/]",
      "plugins.yml:18:18: plugins.echo.grants.fs.write: / is granted but not requested by plugin.yml"
    ),
    BrokenManifest(
      "the kernel's files",
      in: "plugins.yml",
      "fs.write: [/srv/echo]",
      "fs.write: [/proc/self]",
      "plugins.yml:18:18: plugins.echo.grants.fs.write: /proc/self is within /proc, which no plugin may use"
    ),
  ]

  static let between = [
    BrokenManifest(
      "overlapping writes",
      in: "plugins.yml",
      "fs.write: [data]",
      "fs.write: [/srv]",
      "plugins.yml:25:18: plugins.storage.grants.fs.write: /srv overlaps with /srv/echo, which echo writes (plugins.yml:18:18)"
    ),
    BrokenManifest(
      "nobody provides it",
      in: "Storage",
      "provides: [storage.documents]",
      "provides: [storage.blobs]",
      "plugins.yml:33:7: plugins.indexer.grants.storage.documents: no enabled plugin provides it"
    ),
    BrokenManifest(
      "nobody provides it for one tenant",
      in: "plugins.yml",
      "    library: plugins.d/libStorage.so\n    tenants: [\"*/*\"]\n",
      "    library: Storage\n    tenants: [\"echo/*\"]\n",
      "plugins.yml:33:7: plugins.indexer.grants.storage.documents: no enabled plugin provides it for pigeon/coop"
    ),
    BrokenManifest(
      "two provide it",
      in: "Indexer",
      "provides: [embed.text]",
      "provides: [storage.documents]",
      "plugins.yml:26:3: plugins.indexer: storage already provides storage.documents for echo/demo, echo/other and pigeon/coop"
    ),
    BrokenManifest(
      "two services that wait for each other",
      in: "plugins.yml",
      "fs.write: [data]",
      "embed.text: [\"*\"]",
      "plugins.yml:33:7: plugins.indexer.grants.storage.documents: storage -> indexer -> storage is a cycle of services that wait for each other"
    ),
    BrokenManifest(
      "a service that waits for itself",
      in: "plugins.yml",
      "fs.write: [data]",
      "storage.documents: { messages: read }",
      "plugins.yml:25:7: plugins.storage.grants.storage.documents: storage -> storage is a cycle of services that wait for each other"
    ),
    BrokenManifest(
      "two with access to one tenant",
      in: "Storage",
      ManifestFixture.storage,
      """
      agent: { id: storage, kind: access, provider: echo, version: 1.0.0, abi: 1.0, provides: [storage.documents],
        capabilities: [fs.write: [data]] }
      """,
      "plugins.yml:23:15: plugins.storage.tenants: echo already has access to echo/demo",
      "plugins.yml:33:7: plugins.indexer.grants.storage.documents: no enabled plugin provides it for pigeon/coop"
    ),
  ]

  static let manifests = [
    BrokenManifest(
      "no agent",
      in: "Echo",
      "agent:\n",
      "agents:\n",
      "libEcho.so(plugin.yml):1:1: \"agent\" is missing",
      "libEcho.so(plugin.yml):1:1: agents: unknown key; did you mean \"agent\"?"
    ),
    BrokenManifest(
      "kind that is none",
      in: "Echo",
      "kind: access",
      "kind: accessory",
      "libEcho.so(plugin.yml):3:9: agent.kind: expected access, worker or service, found \"accessory\""
    ),
    BrokenManifest(
      "id in capitals",
      in: "Echo",
      "id: echo\n",
      "id: Echo\n",
      "libEcho.so(plugin.yml):2:7: agent.id: expected a name of lower-case letters, digits, - and _, found \"Echo\""
    ),
    BrokenManifest(
      "version with two numbers",
      in: "Echo",
      "version: 0.1.0",
      "version: 0.1",
      "libEcho.so(plugin.yml):5:12: agent.version: expected a version, as 1.2.3, found 0.1"
    ),
    BrokenManifest(
      "ABI that is not the library's",
      in: "Echo",
      "abi: 1.0",
      "abi: 1.1",
      "libEcho.so(plugin.yml):6:8: agent.abi: says 1.1, but the library was built against 1.0"
    ),
    BrokenManifest(
      "access plugin without a provider",
      in: "Echo",
      "  provider: echo\n",
      "",
      "libEcho.so(plugin.yml):2:3: agent: \"provider\" is missing; an access plugin names the provider that it speaks"
    ),
    BrokenManifest(
      "worker with a provider",
      in: "Indexer",
      "kind: worker\n",
      "kind: worker\n  provider: echo\n",
      "libIndexer.so(plugin.yml):4:3: agent: a worker has no provider; only an access plugin has one"
    ),
    BrokenManifest(
      "worker that asks for a provider",
      in: "Indexer",
      "fs.write: [/srv/echo]",
      "provider.gateway.connect",
      "libIndexer.so(plugin.yml):16:7: agent.capabilities[1]: a worker cannot hold provider.gateway.connect; only access plugins can"
    ),
    BrokenManifest(
      "worker that asks for secrets",
      in: "Indexer",
      "fs.write: [/srv/echo]",
      "secrets.read: [token]",
      "libIndexer.so(plugin.yml):16:7: agent.capabilities[1].secrets.read: a worker cannot hold secrets.read; only access plugins can"
    ),
    BrokenManifest(
      "worker that dials",
      in: "Indexer",
      "fs.write: [/srv/echo]",
      "net.dial: [\"a.example:1\"]",
      "libIndexer.so(plugin.yml):16:7: agent.capabilities[1].net.dial: a worker cannot hold net.dial; only access and service plugins can"
    ),
    BrokenManifest(
      "unknown capability",
      in: "Indexer",
      "fs.write: [/srv/echo]",
      "fs.wriet: [/srv/echo]",
      "libIndexer.so(plugin.yml):16:7: agent.capabilities[1].fs.wriet: unknown capability \"fs.wriet\"; did you mean \"fs.write\"?"
    ),
    BrokenManifest(
      "capability without its resources",
      in: "Echo",
      "- log\n",
      "- publish\n",
      "libEcho.so(plugin.yml):10:7: agent.capabilities[0]: publish needs its resources, as - publish: …"
    ),
    BrokenManifest(
      "two capabilities in one",
      in: "Echo",
      "- log\n",
      "- { log: {}, clock: {} }\n",
      "libEcho.so(plugin.yml):10:7: agent.capabilities[0]: expected one capability, found 2; each begins with - of its own"
    ),
    BrokenManifest(
      "input without a topic",
      in: "Indexer",
      "- topic: \"promethean.p.*.t.*.events.Updated\"",
      "- payload: { $ref: x }",
      "libIndexer.so(plugin.yml):11:7: agent.inputs[1]: \"topic\" is missing"
    ),
    BrokenManifest(
      "topic that nobody publishes to",
      in: "Indexer",
      "promethean.p.*.t.*.events.Updated",
      "discord.events.Updated",
      "libIndexer.so(plugin.yml):11:14: agent.inputs[1].topic: topic \"discord.events.Updated\": no topic matches; "
        + "expected promethean.p.<provider>.t.<tenant>.<area>.<name>"
    ),
    BrokenManifest(
      "provides what nobody serves",
      in: "Storage",
      "provides: [storage.documents]",
      "provides: [storage.documents, log]",
      "libStorage.so(plugin.yml):7:33: agent.provides[1]: log is not performed by a plugin for others"
    ),
    BrokenManifest(
      "URL that climbs",
      in: "Echo",
      "https://*.example/api/*",
      "https://*.example/api/%2E./*",
      "libEcho.so(plugin.yml):15:20: agent.capabilities[5].http.fetch[0]: "
        + "\"https://*.example/api/%2E./*\" has a . or .. in its path"
    ),
  ]

  static let schemas = [
    BrokenManifest(
      "type that is none",
      in: "Indexer",
      "{ type: number, default: 0.5 }",
      "{ type: float, default: 0.5 }",
      "libIndexer.so(plugin.yml):24:22: agent.config.properties.ratio.type: "
        + "expected string, integer, number, boolean, array or object, found \"float\""
    ),
    BrokenManifest(
      "default outside its enum",
      in: "Indexer",
      "default: safe",
      "default: slow",
      "libIndexer.so(plugin.yml):23:58: agent.config.properties.mode.default: expected \"fast\" or \"safe\", found \"slow\""
    ),
    BrokenManifest(
      "required that is no property",
      in: "Indexer",
      "required: [batch_max]",
      "required: [batch_max, batch_min]",
      "libIndexer.so(plugin.yml):20:27: agent.config.required[1]: \"batch_min\" is not among the properties"
    ),
    BrokenManifest(
      "config that is no object",
      in: "Indexer",
      "config:\n    type: object\n",
      "config:\n    type: array\n    items: { type: string }\n",
      "libIndexer.so(plugin.yml):21:5: agent.config.required: unknown key; expected type, description, enum, items or default",
      "libIndexer.so(plugin.yml):22:5: agent.config.properties: unknown key; expected type, description, enum, items or default"
    ),
  ]
}
