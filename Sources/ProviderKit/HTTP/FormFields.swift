public import PluginKit

/// Names and values as a query or a form writes them: `name=value` joined by `&` (`application/x-www-form-urlencoded`).
public struct FormFields: Sendable {
  /// The media type of a body of them.
  public static let contentType = "application/x-www-form-urlencoded"

  /// The names and values, in their order; a name may stand several times.
  public private(set) var pairs: [(name: String, value: String)] = []

  /// Creates fields.
  public init(_ pairs: [(name: String, value: String)] = []) {
    self.pairs = pairs
  }

  /// Reads fields from an object whose values are texts, numbers or truth values, or lists of these.
  ///
  /// - Parameters:
  ///   - members: The names and values.
  ///   - place: What the object is called in messages, such as `query`.
  /// - Throws: Which value is none of these.
  public init(_ members: JSONObject, named place: String) throws(ProviderError) {
    for (name, value) in members {
      for value in value.arrayValue ?? [value] {
        guard let text = Self.plain(value) else {
          throw ProviderError("\(place).\(name.prefix(64)): expected string, number or boolean, found \(value.summary)")
        }
        pairs.append((name, text))
      }
    }
  }

  /// Adds a field behind the others.
  public mutating func add(_ name: String, _ value: String) {
    pairs.append((name, value))
  }

  /// As it goes over the wire.
  public var encoded: String {
    pairs.map { "\(Self.escaped($0.name))=\(Self.escaped($0.value))" }.joined(separator: "&")
  }

  private static func plain(_ json: JSON) -> String? {
    switch json {
    case .string(let text): text
    case .int(let number): "\(number)"
    case .double(let number): "\(number)"
    case .bool(let value): "\(value)"
    default: nil
    }
  }

  private static func escaped(_ text: String) -> String {
    PercentEncoding.encode(text.utf8, keeping: PercentEncoding.inQueryValue)
  }
}
