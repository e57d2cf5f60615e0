import FileType

/// Whatever a file begins with, it is of some type by whichever part of its beginning is there, and an image has a size
/// or none.
enum FileTypeFuzzer {
  static func run(_ bytes: [UInt8]) throws {
    for head in [bytes, Array(bytes.prefix(bytes.count / 2))] {
      for isWhole in [true, false] {
        let type = FileType(head: head, isWhole: isWhole)
        try hold(type.isCalled(type.mediaType), "\(type) is not called so")
        try hold(type != .text || !head.contains(0), "a text with a zero")
      }
      for type in FileType.allCases {
        guard let size = ImageSize(head: head, type: type) else { continue }
        try hold(size.width > 0 && size.height > 0, "\(type) of \(size)")
      }
    }
    _ = FileType.allCases.map { $0.isCalled(String(decoding: bytes, as: UTF8.self)) }
  }
}
