internal import CSodium
internal import Envelope

extension AdminOperations {
  /// Collections that an erasure goes through unless others are named: what the indexers keep.
  private static let collections = ["messages", "attachments"]
  /// Collections that one erasure goes through at most.
  private static let collectionsMax = 64

  /// Erases what there is of an author, and says what was done and what is still found.
  func erase(_ request: AdminRequest) throws(AdminFailure) {
    let order = try erasureOrder(request)
    guard host.erasure == nil else { throw AdminFailure("conflict", "another erasure is under way") }
    let (server, address, log) = (server, request.address, host.log)
    let tenant = "\(order.person.provider)/\(order.person.tenant)"
    let fields: JSONObject = ["author": .string(Self.digest(order.person.urn)), "dry_run": .bool(order.isDry)]
    log.audit("erasure begins", allowed: true, fields, tenant: tenant)
    let erasure = Erasure(host: host, order: order) { result in
      switch result {
      case .success(let report):
        let document = report.json(tenant: tenant, isDry: order.isDry)
        var told = fields
        for key in ErasureReport.counts + ["found"] { told[key] = document[key] }
        if let found = document["found"]?.arrayValue { told["found"] = .int(Int64(found.count)) }
        log.audit("erasure done", allowed: true, told, tenant: tenant)
        server.answer(address, .ok(document))
      case .failure(let failure):
        // Why may quote what the storage said, and with it whose it was.
        var told = fields
        told["outcome"] = "failed"
        log.audit("erasure failed; to be done again", allowed: true, told, tenant: tenant)
        server.answer(address, .error(code: "failed", message: failure.message))
      }
    }
    host.erasure = erasure
    erasure.go(erasure.part)
  }

  private func erasureOrder(_ request: AdminRequest) throws(AdminFailure) -> ErasureOrder {
    let body = request.body
    guard let provider = body["provider"]?.stringValue, let tenant = body["tenant"]?.stringValue,
      host.deployment.tenants.contains(where: { $0.id.description == "\(provider)/\(tenant)" })
    else { throw AdminFailure("not_found", "provider, tenant: expected those of a tenant of plugins.yml") }
    let urn: URN
    do throws(URNError) { urn = try URN(body["author"]?.stringValue ?? "") } catch {
      throw AdminFailure("invalid", "author: \(error)")
    }
    guard urn.provider == provider, urn.tenant == tenant else {
      throw AdminFailure(
        "invalid",
        "author: expected a URN of \(provider)/\(tenant), found one of \(urn.provider)/\(urn.tenant)"
      )
    }
    let collections = body["collections"]?.arrayValue?.compactMap(\.stringValue) ?? Self.collections
    guard (1...Self.collectionsMax).contains(collections.count) else {
      throw AdminFailure("invalid", "collections: expected 1 to \(Self.collectionsMax) names")
    }
    // Where nobody keeps documents there is the journal alone.
    let id = TenantID(provider: provider, tenant: tenant)
    let hasStorage = host.deployment.server(of: .storageDocuments, for: id) != nil
    return ErasureOrder(
      person: Person(urn, provider: provider, tenant: tenant),
      collections: hasStorage ? collections : [],
      hasFetch: host.deployment.server(of: .httpFetch, for: id) != nil,
      isDry: body["dry_run"]?.boolValue ?? false
    )
  }

  /// Tells two erasures apart without saying whose they were: the beginning of a digest of the URN.
  static func digest(_ urn: URN) -> String {
    var digest = [UInt8](repeating: 0, count: digestBytes)
    let bytes = Array(urn.description.utf8)
    _ = unsafe crypto_generichash(&digest, digest.count, bytes, UInt64(bytes.count), nil, 0)
    return Hex.encode(digest)
  }
}

/// Bytes of a digest in the audit: the least that libsodium makes.
private let digestBytes = 16

extension ErasureReport {
  /// The counts of a report, by their names.
  static let counts = ["documents", "vectors", "redacted", "blobs", "records", "dead_letters"]

  func json(tenant: String, isDry: Bool) -> JSON {
    var object: JSONObject = [
      "tenant": .string(tenant), "dry_run": .bool(isDry), "documents": .int(documents), "vectors": .int(vectors),
      "redacted": .int(redacted), "blobs": .int(blobs), "records": .int(Int64(records)),
      "dead_letters": .int(Int64(deadLetters)), "messages": .int(Int64(messages)), "texts": .int(Int64(texts)),
    ]
    if let proof {
      object["files"] = .int(Int64(proof.files))
      object["bytes"] = .int(proof.bytes)
      object["found"] = .array(proof.findings.map(\.json))
      object["unread"] = .array(proof.unread.map { .string($0) })
    }
    return .object(object)
  }
}
