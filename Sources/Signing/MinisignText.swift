/// A file of minisign's, line by line: comments, and base64 below them.
struct MinisignText {
  static let untrusted = "untrusted comment: "
  static let trusted = "trusted comment: "

  /// The longest file of a key or signature, in bytes: minisign's comments have 1 and 8 KiB at most.
  static let sizeMax = 16 << 10
  /// The longest trusted comment that we write, in bytes: minisign reads 8 KiB with what stands before it.
  static let commentMax = 8000

  private let bytes: SecretBytes
  private let lines: [Range<Int>]

  var count: Int { lines.count }

  /// Splits at line feeds, with carriage returns before them or without; the last line needs none.
  init(_ bytes: SecretBytes) {
    self.bytes = bytes
    lines = unsafe bytes.withBytes { text in
      var lines: [Range<Int>] = []
      var start = 0
      for place in text.indices where unsafe text[place] == UInt8(ascii: "\n") {
        // All of them: of a line that ended in one, the next reader would take it off.
        var end = place
        while unsafe end > start && text[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        lines.append(start..<end)
        start = place + 1
      }
      return start < text.count ? lines + [start..<text.count] : lines
    }
  }

  init(path: String) throws(SigningError) {
    let bytes = try OpenFile.with(path) { (file) throws(SigningError) in
      try OpenFile.read(file, sizeMax: Self.sizeMax)
    }
    self.init(bytes)
  }

  /// What stands after a prefix in a line, from 1.
  func comment(_ line: Int, after prefix: String) throws(SigningError) -> String {
    let text = bytes.open(lines[line - 1])
    guard text.starts(with: prefix.utf8) else {
      throw .malformed("line \(line): expected \"\(prefix)\" at its beginning")
    }
    guard let comment = String(validating: text.dropFirst(prefix.utf8.count), as: UTF8.self) else {
      throw .malformed("line \(line): expected a comment in UTF-8")
    }
    return comment
  }

  /// The bytes of a line of base64, from 1.
  func base64(_ line: Int, count: Int) throws(SigningError) -> SecretBytes {
    do throws(SigningError) {
      return try Base64Line.decode(bytes, lines[line - 1], count: count)
    } catch {
      guard case .malformed(let complaint) = error else { throw error }
      throw .malformed("line \(line): \(complaint)")
    }
  }

  /// Refuses a comment that would not be read again as it is.
  static func check(comment: String) throws(SigningError) {
    guard comment.utf8.count <= commentMax else {
      throw .malformed("the comment has \(comment.utf8.count) bytes, \(commentMax) are allowed")
    }
    guard comment.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7f) || $0 == UInt8(ascii: "\t") }) else {
      throw .malformed("the comment has a line break or another control character")
    }
  }
}

extension SigningError {
  /// Says before a complaint what was being read.
  func reading(_ what: String) -> SigningError {
    guard case .malformed(let complaint) = self else { return self }
    return .malformed("is not \(what): \(complaint)")
  }
}
