import Foundation
import TestSupport

/// A file of tensors, of random numbers that are always the same.
struct TensorFile {
  private var tensors: [(name: String, shape: [Int], numbers: [Float])] = []
  private var random = SeededRandom(seed: 1)

  mutating func add(_ name: String, _ shape: [Int]) {
    // From -0.3 to 0.3, by 24 bits that are all of a number's.
    let numbers = (0..<shape.reduce(1, *)).map { _ in (Float(random.next() >> 40) / 0x1p24 - 0.5) * 0.6 }
    tensors.append((name, shape, numbers))
  }

  /// A matrix, or a norm's vector, and its bias.
  mutating func addLinear(_ name: String, _ shape: [Int]) {
    add("\(name).weight", shape)
    add("\(name).bias", [shape[0]])
  }

  mutating func remove(_ name: String) { tensors.removeAll { $0.name == name } }

  /// A tensor's numbers, row by row; nil if there is none.
  subscript(_ name: String) -> [Float]? { tensors.first { $0.name == name }?.numbers }

  /// The file, in the format of safetensors.
  func bytes() throws -> [UInt8] {
    var header: [String: Any] = [:]
    var numbers: [Float] = []
    for tensor in tensors {
      let end = numbers.count + tensor.numbers.count
      header[tensor.name] = [
        "dtype": "F32", "shape": tensor.shape, "data_offsets": [numbers.count * 4, end * 4],
      ]
      numbers += tensor.numbers
    }
    var json = try JSONSerialization.data(withJSONObject: header, options: .sortedKeys)
    while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
    let length = (0..<8).map { UInt8(truncatingIfNeeded: json.count >> (8 * $0)) }
    return unsafe numbers.withUnsafeBytes { unsafe length + json + $0 }
  }
}
