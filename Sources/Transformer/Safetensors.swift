internal import CTransformer
internal import Envelope

/// A file of the safetensors format: a length, a JSON object that says where each tensor is, and the tensors.
///
/// All that the file says is checked before it is followed: it comes from others.
struct Safetensors {
  /// Bytes of the largest description: a hundred times what models of this kind have.
  private static let headerMax = 4 << 20
  /// Bytes of the length.
  private static let lengthSize = 8

  private let path: String
  private let file: MappedFile
  private let header: JSONObject
  /// Where the tensors begin.
  private let start: Int

  init(_ path: String, _ file: MappedFile) throws(TransformerError) {
    self.path = path
    self.file = file
    guard let length = file.copy(0..<Self.lengthSize) else {
      throw TransformerError("\(path): expected at least \(Self.lengthSize) bytes, found \(file.count)")
    }
    let count = length.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard count <= Self.headerMax, let bytes = file.copy(Self.lengthSize..<Self.lengthSize + Int(count)) else {
      throw TransformerError(
        "\(path): expected a header of at most \(Self.headerMax) bytes within the file's \(file.count), found \(count)"
      )
    }
    do {
      guard let header = try JSON.parse(bytes).objectValue else {
        throw TransformerError("\(path): header: expected object, found something else")
      }
      self.header = header
    } catch {
      throw TransformerError("\(path): header: \(error)")
    }
    start = Self.lengthSize + Int(count)
  }

  func has(_ name: String) -> Bool { header[name] != nil }

  /// The numbers of a tensor, which must have this shape; its file lives longer than they are used.
  func tensor(_ name: String, _ shape: [Int]) throws(TransformerError) -> UnsafePointer<Float> {
    let expected = "F32 of shape \(shape)"
    guard let entry = header[name] else { throw TransformerError("\(path): \(name): expected \(expected), found none") }
    let found = entry["shape"]?.arrayValue?.map { $0.intValue ?? -1 }
    guard entry["dtype"] == "F32", found == shape.map(Int64.init) else {
      let what = "\(entry["dtype"]?.summary ?? "nothing") of shape \(entry["shape"]?.summary ?? "nothing")"
      throw TransformerError("\(path): \(name): expected \(expected), found \(what)")
    }
    let bytes = Int64(shape.reduce(MemoryLayout<Float>.size, *))
    let offsets = entry["data_offsets"]?.arrayValue?.compactMap(\.intValue) ?? []
    guard offsets.count == 2, offsets[0] >= 0, offsets[1] <= Int64(file.count), offsets[0] <= offsets[1],
      offsets[1] - offsets[0] == bytes
    else {
      throw TransformerError("\(path): \(name): expected \(bytes) bytes of the file, found \(offsets)")
    }
    let range = start + Int(offsets[0])..<start + Int(offsets[1])
    guard let numbers = unsafe file.numbers(range) else {
      throw TransformerError("\(path): \(name): expected aligned numbers within \(file.count) bytes, found \(range)")
    }
    return unsafe numbers
  }

  /// The matrix of a linear step, or a norm's vector, and its bias, which has a number for each of its rows.
  func linear(_ name: String, _ shape: [Int], hasBias: Bool = true) throws(TransformerError) -> transformer_linear {
    unsafe transformer_linear(
      weight: try tensor("\(name).weight", shape),
      bias: hasBias ? try tensor("\(name).bias", [shape[0]]) : nil
    )
  }
}
