package import Envelope

/// What a plugin's `config` may hold: the part of JSON Schema that a person fills in by hand.
///
/// Known are `type`, `description`, `default`, `enum`, `minimum` and `maximum` of numbers, `properties` and `required`
/// of objects, `items` of arrays, and `writeOnly` of what is not to be shown. A property that the schema does not name
/// is refused.
package struct ConfigSchema: Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    case string, integer, number, boolean, array, object
  }

  package var kind: Kind
  package var about: String?
  package var fallback: JSON?
  /// Whether its value is not to be shown: `writeOnly` of JSON Schema.
  package var isSecret = false
  package var choices: [JSON] = []
  package var minimum: Double?
  package var maximum: Double?
  package var properties: [(name: String, schema: ConfigSchema)] = []
  package var required: [String] = []
  /// The schema of an array's elements: none or one, in an array because a struct cannot hold itself.
  package var items: [ConfigSchema] = []

  /// A plugin without configuration.
  package static let none = ConfigSchema(kind: .object)

  package init(kind: Kind) {
    self.kind = kind
  }
}

// MARK: - Reading the schema

extension ConfigSchema {
  init?(_ value: ManifestValue) {
    let before = value.diagnostics.count
    let schema = value.fields { fields -> ConfigSchema? in
      guard let kind = fields.required("type")?.choice(Kind.self) else {
        // Which of the other keys belong here, only the type could say.
        fields.acceptRest()
        return nil
      }
      var schema = ConfigSchema(kind: kind)
      schema.about = fields.optional("description")?.text()
      schema.choices = fields.optional("enum")?.list { $0.json() } ?? []
      switch schema.kind {
      case .integer, .number:
        schema.minimum = fields.optional("minimum")?.number()
        schema.maximum = fields.optional("maximum")?.number()
      case .object:
        schema.properties =
          fields.optional("properties")?.entries { key, value in
            ConfigSchema(value).map { (key.plainText ?? "", $0) }
          } ?? []
        schema.required = fields.optional("required")?.list { schema.requiredName($0) } ?? []
      case .array: schema.items = fields.required("items").flatMap { ConfigSchema($0) }.map { [$0] } ?? []
      case .string, .boolean: break
      }
      // The default is held against the schema as an operator's value would be.
      schema.fallback = fields.optional("default").flatMap { schema.read($0) }
      schema.isSecret = fields.optional("writeOnly")?.flag() ?? false
      return schema
    }
    guard let schema = schema ?? nil, value.diagnostics.count == before else { return nil }
    self = schema
  }

  private func requiredName(_ value: ManifestValue) -> String? {
    guard let name = value.text() else { return nil }
    if properties.contains(where: { $0.name == name }) { return name }
    value.report("\"\(name)\" is not among the properties")
    return nil
  }
}

// MARK: - Reading a value by it

extension ConfigSchema {
  /// Reads what an operator wrote, with the defaults filled in.
  func read(_ value: ManifestValue) -> JSON? {
    let json: JSON?
    switch kind {
    case .object: return object(value)
    case .array: json = value.listOrNil { element in items.first?.read(element) }.map { .array($0) }
    case .string: json = value.text().map { .string($0) }
    case .boolean: json = value.flag().map { .bool($0) }
    case .integer, .number: json = number(value)
    }
    guard let json, choices.isEmpty || choices.contains(json) else {
      if json != nil { value.mismatch(choices.map(\.text).spelledOut("or")) }
      return nil
    }
    return json
  }

  /// What stands for a value that the operator left out; nil if there is nothing to stand for it.
  var absent: JSON? {
    if let fallback { return fallback }
    guard kind == .object, required.isEmpty else { return nil }
    return .object(JSONObject(properties.compactMap { property in property.schema.absent.map { (property.name, $0) } }))
  }

  private func object(_ value: ManifestValue) -> JSON? {
    value.fields { fields in
      var object = JSONObject()
      for (name, schema) in properties {
        let written = required.contains(name) ? fields.required(name) : fields.optional(name)
        object[name] = written.map { schema.read($0) } ?? schema.absent
      }
      return .object(object)
    }
  }

  private func number(_ value: ManifestValue) -> JSON? {
    let json = value.isText ? nil : value.json()
    switch json {
    case .int(let integer) where isInRange(Double(integer)): return json
    case .double(let double) where kind == .number && isInRange(double): return json
    default:
      value.mismatch((kind == .integer ? "an integer" : "a number") + range)
      return nil
    }
  }

  private func isInRange(_ number: Double) -> Bool {
    number >= minimum ?? -.infinity && number <= maximum ?? .infinity
  }

  private var range: String {
    switch (minimum, maximum) {
    case (let low?, let high?): " from \(low.plain) to \(high.plain)"
    case (let low?, nil): " of at least \(low.plain)"
    case (nil, let high?): " of at most \(high.plain)"
    case (nil, nil): ""
    }
  }
}

extension Double {
  /// Without the fraction that an integer does not have.
  fileprivate var plain: String { Int64(exactly: self).map { "\($0)" } ?? "\(self)" }
}
