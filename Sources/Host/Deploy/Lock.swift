internal import Envelope
internal import Glibc
internal import YAML

/// What was approved: `plugins.lock` beside plugins.yml, made to be committed and compared.
package struct Lock: Sendable, Hashable {
  /// By the plugin's id.
  package var plugins: [String: Approval]

  package init(plugins: [String: Approval]) {
    self.plugins = plugins
  }

  package static func path(in directory: String) -> String { "\(directory)/plugins.lock" }

  /// The file: one line for each grant, all in an order that does not depend on plugins.yml.
  package var bytes: [UInt8] {
    let plugins = plugins.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) }
    let document: JSON = ["version": 1, "plugins": .object(JSONObject(plugins))]
    return Self.escaped(document.bytes(pretty: true)) + [UInt8(ascii: "\n")]
  }

  /// The same text, without the characters that JSON has as they are and YAML, as which it is read, has not.
  private static func escaped(_ bytes: [UInt8]) -> [UInt8] {
    var text = ""
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      switch scalar.value {
      case 0x7F...0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return Array(text.utf8)
  }
}

extension Approval {
  var json: JSON {
    var object: JSONObject = [
      "version": .string(version), "sha256": .string(library), "size": .int(Int64(size)),
      "require": .string(require.rawValue), "trust": .string(trust.rawValue),
      "tenants": .array(tenants.map { .string("\($0)") }),
    ]
    if !allow.isEmpty { object["allow"] = allowJSON }
    object["provides"] = .array(provides.map { .string($0.name) })
    object["grants"] = .array(lines.map { .string($0) })
    return .object(object)
  }

  var allowJSON: JSON {
    .object(JSONObject(allow.map { ("\($0.key)", Tenant.json($0.value)) }.sorted { $0.0 < $1.0 }))
  }
}

// MARK: - Reading

extension Lock {
  /// Reads the file of a deployment; nil if there is none.
  ///
  /// - Throws: `InvalidDeployment`, with everything that is wrong and where.
  package static func read(directory: String) throws(InvalidDeployment) -> Lock? {
    let path = path(in: directory)
    if unsafe access(path, F_OK) != 0, errno == ENOENT { return nil }
    let diagnostics = Diagnostics()
    let lock = ManifestValue.bytes(of: path, diagnostics).map { parse($0, named: path, diagnostics) }
    guard let lock, diagnostics.count == 0 else { throw InvalidDeployment(diagnostics: diagnostics.all) }
    return lock
  }

  /// Reads the bytes of the file as far as that goes.
  static func parse(_ bytes: [UInt8], named name: String, _ diagnostics: Diagnostics) -> Lock {
    var lock = Lock(plugins: [:])
    _ = ManifestValue.document(bytes, named: name, diagnostics)?.fields { fields in
      fields.required("version")?.version1()
      for (id, approval) in fields.required("plugins")?.entries({ $0.lockEntry($1) }) ?? [] {
        lock.plugins[id] = approval
      }
    }
    return lock
  }
}

extension ManifestValue {
  /// Reads a plugin of the lock, being its key.
  fileprivate func lockEntry(_ value: ManifestValue) -> (String, Approval)? {
    let approval = value.fields { fields -> Approval? in
      let version = fields.required("version")?.text()
      let digest = fields.required("sha256")?.digest()
      let size = fields.required("size")?.integer(in: 0...Int.max)
      let require = fields.required("require")?.choice(PluginConfiguration.SandboxLevel.self)
      let trust = fields.required("trust")?.choice(LibraryTrust.self)
      let tenants = fields.required("tenants")?.listOrNil { $0.tenantID() }
      let allow = fields.optional("allow")?.entries { key, lists in key.tenantID().map { ($0, lists.lists()) } }
      let provides = fields.required("provides")?.listOrNil { $0.capability() }
      let grants = fields.required("grants")?.listOrNil { line in
        line.parsed { try Grant(line: $0, at: line.location) }
      }
      guard let version, let digest, let size, let require, let trust, let tenants, let provides, let grants else {
        return nil
      }
      return Approval(
        version: version,
        library: digest,
        size: size,
        require: require,
        trust: trust,
        tenants: tenants,
        allow: Dictionary(allow ?? []) { first, _ in first },
        provides: provides,
        grants: grants
      )
    }
    guard let id = token(), let approval = approval ?? nil else { return nil }
    return (id, approval)
  }

  private func digest() -> String? {
    if let text = plainText, Generation.isDigest(text) { return text }
    mismatch("a SHA-256 of 64 hexadecimal digits")
    return nil
  }

  private func tenantID() -> TenantID? {
    let (provider, tenant) = (plainText ?? "").splitOnce(at: "/")
    if let tenant, Self.isToken(provider), Self.isToken(tenant) {
      return TenantID(provider: String(provider), tenant: String(tenant))
    }
    mismatch("provider/tenant")
    return nil
  }
}
