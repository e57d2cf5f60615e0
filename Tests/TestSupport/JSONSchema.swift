package import Envelope

/// A schema of `schemas/`, as far as these use JSON Schema.
package struct JSONSchema {
  private let schema: JSON

  /// Reads the schema of a name.
  package init(_ name: String) throws {
    schema = try JSON.parse(FileBytes.read("\(Products.package)/schemas/\(name).json"))
  }

  /// The names of the members that it describes.
  package var keys: Set<String> { Set(schema["properties"]?.objectValue?.keys ?? []) }

  /// What is wrong with a value; a member that the schema does not describe is.
  package func faults(in value: JSON) -> [String] { faults(value, schema, "$") }

  private func faults(_ value: JSON, _ rule: JSON, _ path: String) -> [String] {
    if let name = rule["$ref"]?.stringValue?.split(separator: "/").last, let rule = schema["$defs"]?[String(name)] {
      return faults(value, rule, path)
    }
    if let rules = rule["anyOf"]?.arrayValue, rule["type"] == nil {
      let found = rules.map { faults(value, $0, path) }
      return found.contains([]) ? [] : found.flatMap(\.self)
    }
    if let only = rule["const"] { return value == only ? [] : ["\(path): not \(only)"] }
    switch rule["type"]?.stringValue {
    case "object": return objectFaults(value, rule, path)
    case "array": return arrayFaults(value, rule, path)
    case "integer":
      guard let number = value.intValue else { return ["\(path): no integer"] }
      let range = (rule["minimum"]?.intValue ?? .min)...(rule["maximum"]?.intValue ?? .max)
      return range.contains(number) ? [] : ["\(path): \(number) is not within \(range)"]
    case "boolean": return value.boolValue == nil ? ["\(path): no boolean"] : []
    case "null": return value.isNull ? [] : ["\(path): not null"]
    case "string": return stringFaults(value, rule, path)
    default: return []
    }
  }

  private func objectFaults(_ value: JSON, _ rule: JSON, _ path: String) -> [String] {
    guard let object = value.objectValue else { return ["\(path): no object"] }
    let required = (rule["required"]?.arrayValue ?? []).compactMap(\.stringValue)
    var faults = required.filter { object[$0] == nil }.map { "\(path): no \($0)" }
    for (key, member) in object {
      guard let rule = rule["properties"]?[key] else {
        faults.append("\(path): \(key) is not in the schema")
        continue
      }
      faults += self.faults(member, rule, "\(path).\(key)")
    }
    return faults
  }

  private func arrayFaults(_ value: JSON, _ rule: JSON, _ path: String) -> [String] {
    guard let array = value.arrayValue else { return ["\(path): no array"] }
    let range = (rule["minItems"]?.intValue ?? 0)...(rule["maxItems"]?.intValue ?? .max)
    let faults = range.contains(Int64(array.count)) ? [] : ["\(path): \(array.count) are not within \(range)"]
    return faults + array.flatMap { self.faults($0, rule["items"] ?? .null, "\(path)[]") }
  }

  private func stringFaults(_ value: JSON, _ rule: JSON, _ path: String) -> [String] {
    guard let text = value.stringValue else { return ["\(path): no string"] }
    var faults: [String] = []
    func check(_ condition: Bool, _ what: String) { if !condition { faults.append("\(path): \(what)") } }
    check(text.unicodeScalars.count >= rule["minLength"]?.intValue ?? 0, "too short")
    check(text.unicodeScalars.count <= rule["maxLength"]?.intValue ?? .max, "too long")
    if let pattern = rule["pattern"]?.stringValue, let regex = try? Regex(pattern) {
      check(text.contains(regex), "\(text) does not match")
    }
    if rule["format"] == "date-time" { check((try? Timestamp(text)) != nil, "\(text) is no time") }
    return faults
  }
}
