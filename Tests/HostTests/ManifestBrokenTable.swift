import Signing
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
      "plugins.yml:14:11: while parsing a flow sequence: did not find expected ',' or ']'"
    ),
    BrokenManifest(
      "tab for indentation",
      in: "plugins.yml",
      "    library: Echo\n",
      "\tlibrary: Echo\n",
      "plugins.yml:12:1: while scanning for the next token: found character that cannot start any token"
    ),
    BrokenManifest(
      "duplicate id",
      in: "plugins.yml",
      "  storage:\n",
      "  echo:\n",
      "plugins.yml:22:3: \"echo\" stands here a second time; first in line 11"
    ),
    BrokenManifest(
      "alias",
      in: "plugins.yml",
      "fs.write: [data]",
      "fs.write: *paths",
      "plugins.yml:26:17: aliases are not supported; write the value out, or put a text in quotes"
    ),
    BrokenManifest(
      "unknown key at the top",
      in: "plugins.yml",
      "tenants:\n",
      "tenant:\n",
      "plugins.yml:6:1: tenant: unknown key; did you mean \"tenants\"?",
      "plugins.yml:13:15: plugins.echo.tenants: there is no tenant echo/demo",
      "plugins.yml:24:15: plugins.storage.tenants: there is no tenant */*",
      "plugins.yml:29:15: plugins.indexer.tenants: there is no tenant */*"
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

  private static let untrusted =
    ".minisig was made with key \(ManifestFixture.key.id), expected one of host.keys, of which there are none"

  static let hostAndTenants = [
    BrokenManifest(
      "port beyond 16 bits",
      in: "plugins.yml",
      "port: 8650",
      "port: 65536",
      "plugins.yml:3:17: host.http.port: expected an integer from 0 to 65535, found 65536"
    ),
    BrokenManifest(
      "one key instead of a list",
      in: "plugins.yml",
      "keys: [\(ManifestFixture.key.publicKey)]",
      "keys: RW",
      "plugins.yml:5:9: host.keys: expected a list, found \"RW\"",
      "plugins.yml:12:14: plugins.echo.library: plugins.d/libEcho.so\(untrusted)",
      "plugins.yml:23:14: plugins.storage.library: plugins.d/libStorage.so\(untrusted)",
      "plugins.yml:28:14: plugins.indexer.library: plugins.d/libIndexer.so\(untrusted)"
    ),
    BrokenManifest(
      "key that is cut",
      in: "plugins.yml",
      "keys: [",
      "keys: [RWT9zah1HXyr6p2x, ",
      "plugins.yml:5:10: host.keys[0]: is not a minisign public key: expected 56 characters of base64, found 16"
    ),
    BrokenManifest(
      "secret key among the keys",
      in: "plugins.yml",
      "keys: [",
      "keys: [RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA, ",
      "plugins.yml:5:10: host.keys[0]: is not a minisign public key: expected 56 characters of base64, found 60"
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
      "plugins.yml:9:5: tenants[2]: \"tenant\" is missing"
    ),
    BrokenManifest(
      "tenant's name in capitals",
      in: "plugins.yml",
      "tenant: coop",
      "tenant: Coop",
      "plugins.yml:9:33: tenants[2].tenant: expected a name of lower-case letters, digits, - and _, found \"Coop\""
    ),
    BrokenManifest(
      "tenant twice",
      in: "plugins.yml",
      "{ provider: pigeon, tenant: coop }",
      "{ provider: echo, tenant: demo }",
      "plugins.yml:9:5: tenants: echo/demo stands here a second time; first in line 7"
    ),
    BrokenManifest(
      "credential in the open",
      in: "plugins.yml",
      "{ env: ECHO_TOKEN }",
      "s3cret",
      "plugins.yml:7:59: tenants[0].credentials.token: expected a mapping, found \"s3cret\""
    ),
    BrokenManifest(
      "credential from two places",
      in: "plugins.yml",
      "{ env: ECHO_TOKEN }",
      "{ env: A, file: /b }",
      "plugins.yml:7:59: tenants[0].credentials.token: expected one of env, file or credential, found 2"
    ),
  ]

  static let plugins = [
    BrokenManifest(
      "unknown key with a near one",
      in: "plugins.yml",
      "replicas: 2",
      "replica: 2",
      "plugins.yml:30:5: plugins.indexer.replica: unknown key; did you mean \"replicas\"?"
    ),
    BrokenManifest(
      "unknown key with none near",
      in: "plugins.yml",
      "deadline: 5s",
      "colour: red",
      "plugins.yml:35:30: plugins.indexer.limits.colour: unknown key; "
        + "expected memory, threads, cpu, descriptors, file_size, disk, rate, logs, stderr, start, deadline, drain, in_flight or max_attempts"
    ),
    BrokenManifest(
      "trust that is neither",
      in: "plugins.yml",
      "    library: Echo\n",
      "    library: Echo\n    trust: yes\n",
      "plugins.yml:13:12: plugins.echo.trust: expected signed or unsigned, found \"yes\""
    ),
    BrokenManifest(
      "no library",
      in: "plugins.yml",
      "    library: Echo\n",
      "",
      "plugins.yml:12:5: plugins.echo: \"library\" is missing"
    ),
    BrokenManifest(
      "no tenants",
      in: "plugins.yml",
      "    tenants: [echo/demo]\n",
      "",
      "plugins.yml:12:5: plugins.echo: \"tenants\" is missing"
    ),
    BrokenManifest(
      "list of no tenants",
      in: "plugins.yml",
      "tenants: [echo/demo]",
      "tenants: []",
      "plugins.yml:13:14: plugins.echo.tenants: expected at least one tenant"
    ),
    BrokenManifest(
      "tenant that does not exist",
      in: "plugins.yml",
      "tenants: [echo/demo]",
      "tenants: [echo/demo, echo/nobody]",
      "plugins.yml:13:26: plugins.echo.tenants: there is no tenant echo/nobody"
    ),
    BrokenManifest(
      "tenant of another provider",
      in: "plugins.yml",
      "tenants: [echo/demo]",
      "tenants: [echo/demo, pigeon/coop]",
      "plugins.yml:13:26: plugins.echo.tenants: pigeon/coop is a tenant of pigeon, echo speaks echo"
    ),
    BrokenManifest(
      "selector that is none",
      in: "plugins.yml",
      "tenants: [echo/demo]",
      "tenants: [echo/demo, echo]",
      "plugins.yml:13:26: plugins.echo.tenants[1]: expected provider/tenant, provider/* or */*, found \"echo\""
    ),
    BrokenManifest(
      "tenants as a text",
      in: "plugins.yml",
      "tenants: [echo/demo]",
      "tenants: echo/demo",
      "plugins.yml:13:14: plugins.echo.tenants: expected a list, found \"echo/demo\""
    ),
    BrokenManifest(
      "id that is not the library's",
      in: "plugins.yml",
      "  indexer:\n",
      "  index:\n",
      "plugins.yml:28:5: plugins.index: the library is the plugin \"indexer\"; its entry must be named so"
    ),
    BrokenManifest(
      "replicas of an access plugin",
      in: "plugins.yml",
      "    tenants: [echo/demo]\n",
      "    tenants: [echo/demo]\n    replicas: 2\n",
      "plugins.yml:14:15: plugins.echo.replicas: only a worker has replicas, echo is an access plugin"
    ),
    BrokenManifest(
      "no replicas",
      in: "plugins.yml",
      "replicas: 2",
      "replicas: 0",
      "plugins.yml:30:15: plugins.indexer.replicas: expected an integer from 1 to 64, found 0"
    ),
    BrokenManifest(
      "yes for true",
      in: "plugins.yml",
      "replicas: 2",
      "enabled: yes",
      "plugins.yml:30:14: plugins.indexer.enabled: expected true or false, found \"yes\""
    ),
    BrokenManifest(
      "sandbox that is none",
      in: "plugins.yml",
      "require: landlock",
      "require: some",
      "plugins.yml:31:14: plugins.indexer.require: expected full, landlock or none, found \"some\""
    ),
    BrokenManifest(
      "in the host's process",
      in: "plugins.yml",
      "require: landlock",
      "placement: inproc",
      "plugins.yml:31:16: plugins.indexer.placement: expected process, found \"inproc\""
    ),
    BrokenManifest(
      "too little memory",
      in: "plugins.yml",
      "memory: 64MiB",
      "memory: 16MiB",
      "plugins.yml:35:23: plugins.indexer.limits.memory: expected a number of bytes from 32MiB to 64GiB, as 64MiB, found \"16MiB\""
    ),
    BrokenManifest(
      "a part of a processor that is none",
      in: "plugins.yml",
      "memory: 64MiB",
      "cpu: 0%",
      "plugins.yml:35:20: plugins.indexer.limits.cpu: expected a share of one processor from 1%, as 50%, "
        + "or a number of processors up to 1024, as 2, found \"0%\""
    ),
    BrokenManifest(
      "more processors than there are",
      in: "plugins.yml",
      "memory: 64MiB",
      "cpu: 9223372036854775807",
      "plugins.yml:35:20: plugins.indexer.limits.cpu: expected a share of one processor from 1%, as 50%, "
        + "or a number of processors up to 1024, as 2, found 9223372036854775807"
    ),
    BrokenManifest(
      "a disk of nothing",
      in: "plugins.yml",
      "memory: 64MiB",
      "disk: 0",
      "plugins.yml:35:21: plugins.indexer.limits.disk: expected a number of bytes from 1MiB to 1048576GiB, as 64MiB, found 0"
    ),
    BrokenManifest(
      "a rate of nothing",
      in: "plugins.yml",
      "memory: 64MiB",
      "rate: 0",
      "plugins.yml:35:21: plugins.indexer.limits.rate: expected an integer from 1 to 10000000, found 0"
    ),
    BrokenManifest(
      "a rate with a unit",
      in: "plugins.yml",
      "memory: 64MiB",
      "rate: 5/s",
      "plugins.yml:35:21: plugins.indexer.limits.rate: expected an integer from 1 to 10000000, found \"5/s\""
    ),
    BrokenManifest(
      "too many lines",
      in: "plugins.yml",
      "memory: 64MiB",
      "stderr: 100001",
      "plugins.yml:35:23: plugins.indexer.limits.stderr: expected an integer from 1 to 100000, found 100001"
    ),
    BrokenManifest(
      "no time to start",
      in: "plugins.yml",
      "memory: 64MiB",
      "start: 1ms",
      "plugins.yml:35:22: plugins.indexer.limits.start: expected a duration from 100ms to 1h, as 5s, found \"1ms\""
    ),
    BrokenManifest(
      "limits as a list",
      in: "plugins.yml",
      "limits: { memory: 64MiB, deadline: 5s }",
      "limits: [64MiB]",
      "plugins.yml:35:13: plugins.indexer.limits: expected a mapping, found a list"
    ),
    BrokenManifest(
      "config of the wrong type",
      in: "plugins.yml",
      "batch_max: 128",
      "batch_max: many",
      "plugins.yml:36:26: plugins.indexer.config.batch_max: expected an integer from 1 to 512, found \"many\""
    ),
    BrokenManifest(
      "config out of range",
      in: "plugins.yml",
      "batch_max: 128",
      "batch_max: 513",
      "plugins.yml:36:26: plugins.indexer.config.batch_max: expected an integer from 1 to 512, found 513"
    ),
    BrokenManifest(
      "config that is not one of",
      in: "plugins.yml",
      "batch_max: 128",
      "batch_max: 128, mode: slow",
      "plugins.yml:36:37: plugins.indexer.config.mode: expected \"fast\" or \"safe\", found \"slow\""
    ),
    BrokenManifest(
      "config of an unknown name",
      in: "plugins.yml",
      "batch_max: 128",
      "batch_max: 128, node: safe",
      "plugins.yml:36:31: plugins.indexer.config.node: unknown key; did you mean \"mode\"?"
    ),
    BrokenManifest(
      "config without what is required",
      in: "plugins.yml",
      "{ batch_max: 128 }",
      "{}",
      "plugins.yml:36:13: plugins.indexer.config: \"batch_max\" is missing"
    ),
    BrokenManifest(
      "no config where some is required",
      in: "plugins.yml",
      "    config: { batch_max: 128 }\n",
      "",
      "plugins.yml:28:5: plugins.indexer: \"config\" is missing; the plugin requires batch_max"
    ),
  ]
}
