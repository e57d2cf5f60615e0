/// Checks documents one after the other, in memory that is used again: for whoever reads thousands a second.
///
/// A view of a document that somebody still has stays what it is; the next document gets memory of its own then.
public struct JSONReader: ~Copyable {
  private var index = JSONIndex()

  /// Creates a reader that has read nothing.
  public init() {}

  /// Checks a document.
  public mutating func read(_ bytes: [UInt8]) throws(JSONError) -> JSONView {
    if !isKnownUniquelyReferenced(&index) { index = JSONIndex() }
    try index.fill(bytes, in: bytes.indices, depth: 0)
    return JSONView(index)
  }
}
