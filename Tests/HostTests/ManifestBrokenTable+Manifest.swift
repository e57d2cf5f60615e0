extension BrokenManifest {
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
      "abi: 1.1",
      "abi: 1.0",
      "libEcho.so(plugin.yml):6:8: agent.abi: says 1.0, but the library was built against 1.1"
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
      "worker that asks for provider.gateway.connect",
      in: "Indexer",
      "fs.write: [/srv/echo]",
      "provider.gateway.connect",
      "libIndexer.so(plugin.yml):16:7: agent.capabilities[1]: a worker cannot hold provider.gateway.connect; it needs kind: access"
    ),
    BrokenManifest(
      "worker that asks for provider.rest.call",
      in: "Indexer",
      "fs.write: [/srv/echo]",
      "provider.rest.call: [\"GET *\"]",
      "libIndexer.so(plugin.yml):16:7: agent.capabilities[1].provider.rest.call: a worker cannot hold provider.rest.call; it needs kind: access"
    ),
    BrokenManifest(
      "worker that asks for provider.voice.connect",
      in: "Indexer",
      "fs.write: [/srv/echo]",
      "provider.voice.connect",
      "libIndexer.so(plugin.yml):16:7: agent.capabilities[1]: a worker cannot hold provider.voice.connect; it needs kind: access"
    ),
    BrokenManifest(
      "worker that asks for provider.voice.send",
      in: "Indexer",
      "fs.write: [/srv/echo]",
      "provider.voice.send",
      "libIndexer.so(plugin.yml):16:7: agent.capabilities[1]: a worker cannot hold provider.voice.send; it needs kind: access"
    ),
    BrokenManifest(
      "worker that asks for secrets",
      in: "Indexer",
      "fs.write: [/srv/echo]",
      "secrets.read: [token]",
      "libIndexer.so(plugin.yml):16:7: agent.capabilities[1].secrets.read: a worker cannot hold secrets.read; it needs kind: access"
    ),
    BrokenManifest(
      "access plugin that begins conversations",
      in: "Echo",
      "- log\n",
      "- social.post: [\"urn:*\"]\n",
      "libEcho.so(plugin.yml):10:7: agent.capabilities[0].social.post: "
        + "an access plugin cannot hold social.post; it needs kind: worker"
    ),
    BrokenManifest(
      "worker that dials",
      in: "Indexer",
      "fs.write: [/srv/echo]",
      "net.dial: [\"a.example:1\"]",
      "libIndexer.so(plugin.yml):16:7: agent.capabilities[1].net.dial: a worker cannot hold net.dial; it needs kind: access or service"
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
      "libIndexer.so(plugin.yml):21:5: agent.config.required: unknown key; expected type, description, enum, items, default or writeOnly",
      "libIndexer.so(plugin.yml):22:5: agent.config.properties: unknown key; expected type, description, enum, items, default or writeOnly"
    ),
  ]
}
