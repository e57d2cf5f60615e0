package import PluginKit

/// A document that is to have a vector, and what that is to be made of.
package struct VectorItem: Sendable, Hashable {
  /// The document's.
  package let foreignID: String
  /// SHA-256 of what the vector is made of, in hexadecimal.
  package let content: String
  /// The text, where the vector is made of that.
  package let text: String?

  /// Names a document and what its vector is made of.
  package init(foreignID: String, content: String, text: String? = nil) {
    (self.foreignID, self.content, self.text) = (foreignID, content, text)
  }

  /// Reads a document that the storage says to lack a vector.
  init?(_ document: JSON) {
    guard let foreignID = document["foreign_id"]?.stringValue, let content = document["content"]?.stringValue else {
      return nil
    }
    self.init(foreignID: foreignID, content: content, text: document["text"]?.stringValue)
  }
}

/// What has come of one item.
package enum MadeVector: Sendable, Hashable {
  /// Its numbers, as the storage takes them.
  case vector(String)
  /// The model makes none of it, and will not when it is asked again.
  case never
  /// None was made this time.
  case later
}

/// Has vectors made of one kind of thing.
@PluginActor
package protocol VectorMaker: Sendable {
  /// The collection whose documents these are.
  var collection: String { get }

  /// The model as the embedder has it now.
  func currentModel(for tenant: TenantName) async throws(HostError) -> JSON

  /// As many of the first items as one request has room for and its answer, of vectors of so many numbers; one at least.
  func part(of items: ArraySlice<VectorItem>, dimension: Int) -> ArraySlice<VectorItem>

  /// Makes what one request has room for: the model that did, and for each item in its order what has come of it.
  func make(
    _ items: ArraySlice<VectorItem>,
    for tenant: TenantName,
    _ priority: EmbeddingPriority
  ) async throws(HostError) -> (model: JSON, made: [MadeVector])
}
