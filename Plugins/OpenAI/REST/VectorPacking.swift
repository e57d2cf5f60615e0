internal import PluginKit

/// Vectors as base64, also from servers that answer with lists of numbers whatever they are asked for.
///
/// A list takes four times the room, so that an envelope would hold few vectors, and not one of the long ones.
enum VectorPacking {
  /// An answer of `/embeddings` with each list of numbers as base64 of little-endian floats of 4 bytes, as the API has
  /// it; what is no list of numbers stays as it is.
  static func packed(_ answer: JSON) -> JSON {
    guard var object = answer.objectValue, let items = object["data"]?.arrayValue else { return answer }
    object["data"] = .array(items.map(item))
    return .object(object)
  }

  private static func item(_ json: JSON) -> JSON {
    guard var object = json.objectValue, let numbers = object["embedding"]?.arrayValue else { return json }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(numbers.count * MemoryLayout<Float>.size)
    for number in numbers {
      guard let value = number.doubleValue else { return json }
      let bits = Float(value).bitPattern
      for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
    }
    object["embedding"] = .string(Base64.encode(bytes))
    return .object(object)
  }
}
