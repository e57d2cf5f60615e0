/// Checks documents one after the other, in memory that is used again: for whoever reads thousands a second.
///
/// A view of a document that somebody still has stays what it is; the next document gets memory of its own then.
public struct JSONReader: ~Copyable {
  private var index = JSONIndex()
  private let keys: JSONKeys

  /// Creates a reader that has read nothing.
  ///
  /// - Parameter keys: Keys that will be looked for in each document by `JSONView.descendants(named:)`: what may be one is
  ///   noted when the document is checked.
  public init(noting keys: JSONKeys = JSONKeys([])) {
    self.keys = keys
  }

  /// Checks a document; where `isUTF8` says that its bytes are known to be UTF-8, not for that again.
  public mutating func read(_ bytes: [UInt8], isUTF8: Bool = false) throws(JSONError) -> JSONView {
    if !isKnownUniquelyReferenced(&index) { index = JSONIndex() }
    try index.fill(bytes, in: bytes.indices, depth: 0, isUTF8: isUTF8, noting: keys)
    return JSONView(index)
  }
}
