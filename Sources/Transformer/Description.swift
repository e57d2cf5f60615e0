internal import Envelope

/// A JSON file beside a model, or an object in it, whose values are checked as they are read.
struct Description {
  /// Bytes of the largest file: a hundred times what models have.
  private static let bytesMax = 1 << 20

  private let json: JSON
  /// What messages begin with: the file, and where in it the object is.
  private let place: String

  init(_ path: String) throws(TransformerError) {
    try self.init(path, MappedFile(path))
  }

  /// The file at a path, which is open already.
  init(_ path: String, _ file: MappedFile) throws(TransformerError) {
    guard file.count <= Self.bytesMax, let bytes = file.copy(0..<file.count) else {
      throw TransformerError("\(path): expected at most \(Self.bytesMax) bytes, found \(file.count)")
    }
    do {
      json = try JSON.parse(bytes)
    } catch {
      throw TransformerError("\(path): \(error)")
    }
    place = "\(path): "
  }

  private init(_ json: JSON, in place: String) {
    self.json = json
    self.place = place
  }

  /// An error about what is here.
  func refusal(_ what: String) -> TransformerError { TransformerError("\(place)\(what)") }

  private func refusal(_ key: String, _ expected: String) -> TransformerError {
    refusal("\(key): expected \(expected), found \(json[key]?.summary ?? "nothing")")
  }

  /// The object at a key.
  func object(_ key: String) throws(TransformerError) -> Description {
    guard let value = json[key], value.objectValue != nil else { throw refusal(key, "object") }
    return Description(value, in: "\(place)\(key).")
  }

  /// Refuses any other value at a key, if there is one.
  func wants(_ key: String, _ wanted: JSON) throws(TransformerError) {
    guard json[key] ?? wanted == wanted else { throw refusal(key, wanted.text) }
  }

  /// The value at a key by the word that stands there, `fallback` if there is none.
  func choice<Value>(_ key: String, _ values: KeyValuePairs<String, Value>, default fallback: Value? = nil)
    throws(TransformerError) -> Value
  {
    if json[key] == nil, let fallback { return fallback }
    guard let value = values.first(where: { json[key] == .string($0.key) })?.value else {
      throw refusal(key, "one of \(values.map(\.key).joined(separator: ", "))")
    }
    return value
  }

  func bool(_ key: String, default fallback: Bool) throws(TransformerError) -> Bool {
    guard let value = json[key] else { return fallback }
    guard let bool = value.boolValue else { throw refusal(key, "boolean") }
    return bool
  }

  func size(_ key: String, upTo most: Int) throws(TransformerError) -> Int {
    guard let value = json[key]?.intValue, (1...Int64(most)).contains(value) else {
      throw refusal(key, "integer from 1 to \(most)")
    }
    return Int(value)
  }

  func number(_ key: String, in range: ClosedRange<Double>, default fallback: Double) throws(TransformerError) -> Double
  {
    guard let value = json[key] else { return fallback }
    guard let number = value.doubleValue, range.contains(number) else {
      throw refusal(key, "number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// As many numbers as there are to fall back on.
  func numbers(
    _ key: String,
    in range: ClosedRange<Double>,
    default fallback: [Double]
  ) throws(TransformerError) -> [Double] {
    guard let value = json[key] else { return fallback }
    let numbers = value.arrayValue?.compactMap(\.doubleValue).filter(range.contains) ?? []
    guard value.arrayValue?.count == fallback.count, numbers.count == fallback.count else {
      throw refusal(key, "\(fallback.count) numbers from \(range.lowerBound) to \(range.upperBound)")
    }
    return numbers
  }
}
