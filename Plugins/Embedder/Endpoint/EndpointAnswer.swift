internal import PluginKit

/// Reads what an endpoint has answered, of which nothing is believed.
enum EndpointAnswer {
  /// The vectors of an answer to `control.request`, in the order of the texts, each made of unit length.
  ///
  /// - Throws: What the endpoint says is wrong, or what was expected of its answer and what was found.
  static func vectors(_ answer: JSON, texts: Int, dimension: Int) throws(EndpointFailure) -> [[Float]] {
    guard answer["ok"] == true else { throw EndpointFailure(answer) }
    let data = answer["data"]?["data"] ?? .null
    guard let items = data.arrayValue, items.count == texts else {
      let found = data.arrayValue.map { "\($0.count)" } ?? data.kind
      throw EndpointFailure("data: expected a list of \(texts) vectors, found \(found)")
    }
    var vectors: [[Float]?] = Array(repeating: nil, count: texts)
    for (place, item) in items.enumerated() {
      let index = item["index"] ?? .null
      guard let number = index.intValue, (0..<Int64(texts)).contains(number) else {
        throw EndpointFailure("data[\(place)].index: expected integer from 0 to \(texts - 1), found \(index.kind)")
      }
      guard vectors[Int(number)] == nil else {
        throw EndpointFailure("data[\(place)].index: expected each once, found \(number) twice")
      }
      vectors[Int(number)] = try vector(item["embedding"] ?? .null, dimension, at: "data[\(place)].embedding")
    }
    return vectors.compactMap(\.self)
  }

  private static func vector(_ json: JSON, _ dimension: Int, at place: String) throws(EndpointFailure) -> [Float] {
    guard let bytes = json.stringValue.flatMap(Base64.decode), bytes.count % MemoryLayout<Float>.size == 0 else {
      throw EndpointFailure("\(place): expected base64 of floats of 4 bytes, found \(json.kind)")
    }
    let count = bytes.count / MemoryLayout<Float>.size
    guard count == dimension else {
      throw EndpointFailure("\(place): expected \(dimension) numbers, as the model's dimension says, found \(count)")
    }
    let numbers = (0..<count).map { index in
      let start = index * MemoryLayout<Float>.size
      return Float(bitPattern: bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
    }
    if let index = numbers.firstIndex(where: { !$0.isFinite }) {
      throw EndpointFailure("\(place): expected finite numbers, found \(numbers[index]) at \(index)")
    }
    // In double precision: squares of what is finite may not be.
    let length = numbers.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    guard length > 0 else { throw EndpointFailure("\(place): expected a direction, found \(count) zeros") }
    return numbers.map { Float(Double($0) / length) }
  }
}

extension JSON {
  /// What kind of value it is, without quoting it.
  fileprivate var kind: String { stringValue.map { "text of \($0.utf8.count) bytes" } ?? summary }
}
