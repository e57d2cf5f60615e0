package import Envelope

extension Plan {
  /// The document that `plan -o` writes and `apply` reads.
  package var json: JSON {
    [
      "version": 1,
      "base": base.map { .int(Int64($0)) } ?? .null,
      "verdict": .string("\(verdict)"),
      "plugins": .array(plugins.map(\.json)),
      "host": .array(
        host.map { change in
          var object = change.json.objectValue ?? [:]
          object["takes_effect"] = .string(Plan.isHot(change.name) ? "hot" : "at the next start")
          return .object(object)
        }
      ),
      "tenants": .array(tenants.map(\.json)),
      "needs_approval": .object(
        JSONObject(widened.sorted { $0.key < $1.key }.map { ($0.key, .array($0.value.map { .string($0) })) })
      ),
      "desired": .string(desired),
      "libraries": .object(JSONObject(libraries.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })),
      "fingerprint": .string(fingerprint),
    ]
  }

  /// Reads a plan back.
  ///
  /// - Throws: `HostError`, if it is none, or not as it was written.
  package init(_ json: JSON, named what: String) throws(HostError) {
    var fields = try DocumentFields.version1(json, what)
    base = try fields.optionalNumber("base")
    let verdict = try fields.text("verdict")
    plugins = []
    for plugin in try fields.list("plugins") { plugins.append(try Plugin(plugin, "\(what): plugins")) }
    host = []
    for change in try fields.list("host") { host.append(try SettingChange(change, "\(what): host", hasEffect: true)) }
    tenants = []
    for change in try fields.list("tenants") { tenants.append(try SettingChange(change, "\(what): tenants")) }
    widened = [:]
    let approvals = try fields.required("needs_approval")
    for (id, _) in approvals.objectValue ?? [:] {
      var lines = try DocumentFields(approvals, "\(what): needs_approval")
      widened[id] = try lines.texts(id)
    }
    desired = try fields.text("desired")
    libraries = try fields.table("libraries")
    let fingerprint = try fields.text("fingerprint")
    try fields.finish()
    guard fingerprint == self.fingerprint, verdict == "\(self.verdict)" else {
      throw HostError("\(what): it was changed after it was made")
    }
  }

  /// Reads a plan from the bytes of a file.
  package init(_ bytes: [UInt8], named what: String) throws(HostError) {
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes) } catch {
      throw HostError("\(what): not a plan that promethean plan -o has written: \(error)")
    }
    try self.init(json, named: what)
  }
}

extension Plan.Plugin {
  var json: JSON {
    [
      "plugin": .string(id), "action": .string(action.rawValue), "reasons": .array(reasons.map { .string($0) }),
      "old_library": oldLibrary.map { .string($0) } ?? .null, "new_library": newLibrary.map { .string($0) } ?? .null,
      "config": .array(config.map(\.json)), "gained": .array(gained.map { .string($0) }),
      "lost": .array(lost.map { .string($0) }),
    ]
  }

  init(_ json: JSON, _ what: String) throws(HostError) {
    var fields = try DocumentFields(json, what)
    self.init(id: try fields.text("plugin"), action: try fields.choice("action"))
    reasons = try fields.texts("reasons")
    (oldLibrary, newLibrary) = (try fields.optionalText("old_library"), try fields.optionalText("new_library"))
    for change in try fields.list("config") { config.append(try SettingChange(change, "\(what): config")) }
    (gained, lost) = (try fields.texts("gained"), try fields.texts("lost"))
    try fields.finish()
  }
}

extension SettingChange {
  var json: JSON {
    var object: JSONObject = ["name": .string(name)]
    if isSecret { object["secret"] = true }
    // Absent and null are not the same: a setting may be null.
    if let old { object["old"] = old }
    if let new { object["new"] = new }
    return .object(object)
  }

  init(_ json: JSON, _ what: String, hasEffect: Bool = false) throws(HostError) {
    var fields = try DocumentFields(json, what)
    name = try fields.text("name")
    isSecret = fields.optional("secret") == true
    _ = (fields.optional("old"), fields.optional("new"))
    (old, new) = (json["old"], json["new"])
    if hasEffect { _ = try fields.text("takes_effect") }
    try fields.finish()
  }
}
