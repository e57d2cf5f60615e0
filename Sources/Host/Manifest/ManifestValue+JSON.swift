internal import Envelope
internal import YAML

extension ManifestValue {
  /// Reads whatever stands there as JSON; infinities and NaN, which JSON lacks, are reported.
  func json() -> JSON? {
    switch node.content {
    case .scalar(let scalar):
      switch scalar.value {
      case .null: return .null
      case .bool(let flag): return .bool(flag)
      case .int(let integer): return .int(integer)
      case .double(let double) where double.isFinite: return .double(double)
      case .double:
        mismatch("a finite number")
        return nil
      case .string: return .string(scalar.text)
      }
    case .sequence: return .array(list { $0.json() })
    case .mapping:
      return .object(JSONObject(entries { key, value in value.json().map { (key.plainText ?? "", $0) } }))
    }
  }
}

extension ManifestValue {
  /// Reads a number of either kind.
  func number() -> Double? {
    guard let number = isText ? nil : json()?.doubleValue else {
      mismatch("a number")
      return nil
    }
    return number
  }

  /// Whether it is a list or mapping, which have no JSON number in them, or a text.
  var isText: Bool {
    guard case .scalar(let scalar) = node.content else { return true }
    return scalar.value == .string
  }

  /// Reads a list, or nil if it is none.
  func listOrNil<Element>(_ read: (ManifestValue) -> Element?) -> [Element]? {
    guard case .sequence = node.content else {
      mismatch("a list")
      return nil
    }
    return list(read)
  }
}
