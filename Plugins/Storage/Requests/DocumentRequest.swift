internal import PluginKit

/// Whose documents, and which of them.
struct DocumentScope: Hashable {
  let provider: String
  let tenant: String
  let collection: String
}

/// What is asked for.
struct DocumentRequest {
  enum Operation {
    case put([DocumentPut])
    case delete([DocumentDeletion])
    case erase(DocumentErasure)
    case get(String)
    case query(DocumentQuery)
    case count(DocumentFilter)
    case vectors(VectorOperation)
    case blobs(BlobOperation)
  }

  let scope: DocumentScope
  let operation: Operation

  /// Reads a request; the tenant is the one that the host has stamped.
  init(_ envelope: Envelope) throws {
    let topic = try Topic(envelope.topic)
    guard topic.area == "storage", !topic.isSystem, topic.provider == envelope.provider, topic.tenant == envelope.tenant
    else {
      throw StorageError("topic: expected one of the area storage and of the stamped tenant, found \(topic)")
    }
    scope = DocumentScope(
      provider: topic.provider,
      tenant: topic.tenant,
      collection: try Self.collection(envelope.resource)
    )
    let payload: JSON
    do {
      payload = try JSON.parse(envelope.payload)
    } catch {
      throw StorageError("payload: \(error)")
    }
    let now = Timestamp(nanoseconds: envelope.ts).milliseconds
    operation = try Self.operation(topic.name, payload, now: now)
  }

  private static func operation(_ name: String, _ payload: JSON, now: Int64) throws(StorageError) -> Operation {
    if name.hasPrefix("vectors.") { return .vectors(try VectorOperation(name.dropFirst(8), payload)) }
    if name.hasPrefix("blobs.") { return .blobs(try BlobOperation(name.dropFirst(6), payload)) }
    switch name {
    case "documents.put":
      let list = try RequestFields(payload, keys: ["documents"]).list("documents")
      var puts: [DocumentPut] = []
      for (index, json) in list.enumerated() {
        puts.append(try DocumentPut(json, at: "documents[\(index)].", now: now))
      }
      return .put(puts)
    case "documents.delete":
      return .delete(try DocumentDeletion.list(payload, now: now))
    case "documents.erase":
      return .erase(try DocumentErasure(payload))
    case "documents.get":
      let fields = try RequestFields(payload, keys: ["foreign_id"])
      return .get(try fields.required("foreign_id", fields.name("foreign_id")))
    case "documents.query":
      return .query(try DocumentQuery(payload))
    case "documents.count":
      return .count(try DocumentFilter(RequestFields(payload, keys: DocumentFilter.keys)))
    default:
      throw StorageError("topic: expected documents.put, delete, erase, get, query or count, found \(name)")
    }
  }

  /// Checks the name of a collection: a lower-case letter, then up to 62 of these, digits and underscores.
  private static func collection(_ resource: String) throws(StorageError) -> String {
    let bytes = resource.utf8
    let isLetter = { (byte: UInt8) in (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    let isRest = { (byte: UInt8) in
      isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
    }
    guard (1...63).contains(bytes.count), bytes.first.map(isLetter) == true, bytes.allSatisfy(isRest) else {
      throw StorageError("resource: expected a collection such as \"messages\", found \"\(resource)\"")
    }
    return resource
  }
}
