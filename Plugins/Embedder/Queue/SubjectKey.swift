internal import PluginKit

/// A subject and the model that it is for, by a digest: the same subjects have the same, and no two others do.
struct SubjectKey: Hashable {
  let model: Int
  private let digest: InlineDigest

  /// The four numbers of a SHA-256.
  private struct InlineDigest: Hashable {
    var first: UInt64 = 0
    var second: UInt64 = 0
    var third: UInt64 = 0
    var fourth: UInt64 = 0
  }

  /// The key of a text.
  init(_ text: String, model: Int) {
    self.init(sha256: SHA256.digest(Array(text.utf8)), model: model)
  }

  /// The key of what has a digest of 32 bytes.
  init(sha256 bytes: [UInt8], model: Int) {
    self.model = model
    func number(_ index: Int) -> UInt64 {
      bytes[index * 8..<(index + 1) * 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
    digest = InlineDigest(first: number(0), second: number(1), third: number(2), fourth: number(3))
  }
}
