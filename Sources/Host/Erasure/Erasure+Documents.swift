internal import Envelope
internal import PluginABI

extension Erasure {
  /// Documents that are asked for at once; an answer holds as many as fit.
  private static let page: Int64 = 1_000
  /// Foreign ids in one request: of the longest there is room for as many.
  private static let knownEach = 48
  /// How long a service may take for one step, in seconds.
  private static let patience: Int64 = 60
  /// What stands as the sender of the requests.
  private static let source = "client:erase"

  /// Asks for some documents of the person's.
  func ask(_ collection: String, _ cursor: JSON?) {
    guard !order.isDry || cursor != nil else {
      return send("storage.documents.count", collection, author) { erasure, answer in
        erasure.report.documents += answer["count"]?.intValue ?? 0
        erasure.query(collection, nil)
      }
    }
    query(collection, cursor)
  }

  private var author: JSONObject { ["author": .string(order.person.urn.description)] }

  private func query(_ collection: String, _ cursor: JSON?) {
    var query = author
    query["limit"] = .int(Self.page)
    query["order"] = "oldest"
    query["cursor"] = cursor
    send("storage.documents.query", collection, query) { erasure, answer in
      for document in answer["documents"]?.arrayValue ?? [] {
        erasure.order.person.insert(
          message: document["foreign_id"]?.stringValue,
          text: document["text"]?.stringValue
        )
      }
      guard case .askDocuments(let index, _) = erasure.part else { return }
      if let next = answer["next"], !next.isNull {
        erasure.go(.askDocuments(collection: index, cursor: next))
      } else {
        erasure.go(.askDocuments(collection: index + 1, cursor: nil))
      }
    }
  }

  /// Does one step of erasing documents.
  func erase(_ collection: String, _ known: ArraySlice<String>, _ cursor: JSON?) {
    var request = author
    request["cursor"] = cursor
    let some = known.prefix(Self.knownEach)
    if !some.isEmpty { request["foreign_ids"] = .array(some.map { .string($0) }) }
    let rest = known.dropFirst(some.count)
    send("storage.documents.erase", collection, request) { erasure, answer in
      guard case .eraseDocuments(let index, _, _) = erasure.part else { return }
      erasure.report.documents += answer["erased"]?.intValue ?? 0
      erasure.report.vectors += answer["vectors"]?.intValue ?? 0
      erasure.report.redacted += answer["redacted"]?.intValue ?? 0
      erasure.report.blobs += answer["blobs"]?.intValue ?? 0
      if !rest.isEmpty { return erasure.go(.eraseDocuments(collection: index, known: rest, cursor: nil)) }
      if let next = answer["next"], !next.isNull {
        erasure.go(.eraseDocuments(collection: index, known: [], cursor: next))
      } else {
        let all = erasure.order.person.messages.sorted()[...]
        erasure.go(.eraseDocuments(collection: index + 1, known: all, cursor: nil))
      }
    }
  }

  /// Has all forgotten that was fetched for the tenant: what is kept there is named by its digest, and not by whose it
  /// is, and whoever wants it fetches again.
  func forgetFetched() {
    guard order.hasFetch else { return go(documents) }
    send("http.fetch.forget", "", [:]) { erasure, _ in erasure.go(erasure.documents) }
  }

  /// Asks a service of the tenant's, and goes on with its answer.
  private func send(
    _ operation: String,
    _ resource: String,
    _ payload: JSONObject,
    then: @escaping @Sendable (Erasure, JSON) -> Void
  ) {
    let (provider, tenant) = (order.person.provider, order.person.tenant)
    let topic = "promethean.p.\(provider).t.\(tenant).\(operation)"
    var envelope = Envelope(topic: topic, intent: operation, payload: JSON.object(payload).bytes())
    envelope.resource = resource
    envelope.deadline = HostClock.realtime + Self.patience * nanosecondsPerSecond
    let perform = host.performer
    host.router.send(
      envelope,
      from: Self.source,
      requester: { result in
        // Not from within the router's own work.
        perform { host in
          guard let erasure = host.erasure else { return }
          switch result {
          case .success(let answer): erasure.hear(answer, of: operation, then)
          case .failure(let failure): erasure.fail("\(operation): \(failure.message)")
          }
        }
      }
    )
  }

  private func hear(_ answer: Envelope, of operation: String, _ then: (Erasure, JSON) -> Void) {
    guard let json = try? JSON.parse(answer.payload) else {
      return fail("\(operation): expected an answer in JSON, found another")
    }
    then(self, json)
  }
}
