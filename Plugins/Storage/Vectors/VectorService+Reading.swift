internal import PluginKit
internal import SQLite
internal import VectorIndex

extension VectorService {
  func missing(_ gap: VectorGap, _ scope: DocumentScope, within limit: Duration) throws(StorageError) -> Response {
    let page: DocumentPage = try read(scope, within: limit) { (store) throws(DocumentStore.Failure) in
      let models = try store.models(of: scope.collection)
      // One that nobody knows lacks everything; one that has been replaced is not to be given any more.
      guard models.first(where: { $0.model == gap.model })?.state != .dropped else {
        return .failure(Self.refusal(of: gap.model, models))
      }
      return .success(try store.missing(scope.collection, gap))
    }
    return Response(json: page.json)
  }

  func search(_ query: VectorQuery, _ scope: DocumentScope, within limit: Duration) throws(StorageError) -> Response {
    let answer: JSON = try read(scope, within: limit) { (store) throws(DocumentStore.Failure) in
      let model: StoredModel
      switch try Self.chosen(query.model, store.models(of: scope.collection)) {
      case .failure(let error): return .failure(error)
      case .success(nil): return .success(["model": nil, "matches": [], "exact": true])
      case .success(let chosen?): model = chosen
      }
      let vector: UnitVector
      switch try Self.vector(at: query.place, of: model, store) {
      case .failure(let error): return .failure(error)
      case .success(let found): vector = found
      }
      let search = VectorSearch(
        store: store,
        collection: scope.collection,
        model: model,
        vector: vector,
        filter: query.filter,
        limit: query.limit,
        effort: query.effort
      )
      let result = try search.run(in: indexes.index(scope, model, store))
      return .success(Self.answer(model.model, result))
    }
    // What was opened for it is read on when this is answered.
    work.begin()
    return Response(json: answer)
  }

  /// The vector that others are to be near.
  private static func vector(
    at place: VectorQuery.Place,
    of model: StoredModel,
    _ store: VectorStore
  ) throws(SQLiteError) -> Result<UnitVector, StorageError> {
    switch place {
    case .vector(let bytes):
      do {
        return .success(try UnitVector(littleEndian: bytes, dimension: model.model.dimension))
      } catch {
        return .failure(StorageError("vector: \(error) (the model is \(model.model.summary))"))
      }
    case .document(let foreignID):
      if let found = try store.vector(of: model, foreignID)?.vector { return .success(found) }
      let found = JSON.string(foreignID).summary
      return .failure(StorageError("like: expected a document with a vector of \(model.model.summary), found \(found)"))
    }
  }

  func models(_ scope: DocumentScope, within limit: Duration) throws(StorageError) -> Response {
    let answer: JSON = try read(scope, within: limit) { (store) throws(DocumentStore.Failure) in
      var answer: JSONObject = ["current": nil, "building": []]
      var building: [JSON] = []
      for model in try store.models(of: scope.collection) where model.state != .dropped {
        let counts = try store.counts(of: model)
        switch model.state {
        case .current:
          answer["current"] = model.model.json
          answer["index"] = indexes.state(scope, model)
        default:
          building.append([
            "model": model.model.json, "count": .int(counts.vectors), "of": .int(counts.vectors + counts.missing),
          ])
        }
      }
      answer["building"] = .array(building)
      return .success(.object(answer))
    }
    return Response(json: answer)
  }

  func count(_ model: VectorModel?, _ scope: DocumentScope, within limit: Duration) throws(StorageError) -> Response {
    let count: Int64 = try read(scope, within: limit) { (store) throws(DocumentStore.Failure) in
      switch try Self.chosen(model, store.models(of: scope.collection)) {
      case .failure(let error): return .failure(error)
      case .success(let chosen): return .success(try chosen.map(store.counts)?.vectors ?? 0)
      }
    }
    return Response(json: ["count": .int(count)])
  }

  // MARK: - Models

  /// The model that a request means, nil if it means the current one and there is none.
  private static func chosen(_ model: VectorModel?, _ models: [StoredModel]) -> Result<StoredModel?, StorageError> {
    guard let model else { return .success(models.first { $0.state == .current }) }
    let found = models.first { $0.model == model && $0.state != .dropped }
    return found.map(Result.success) ?? .failure(refusal(of: model, models))
  }

  private static func refusal(of model: VectorModel, _ models: [StoredModel]) -> StorageError {
    guard let current = models.first(where: { $0.state == .current }) else {
      return StorageError("model: expected one that has vectors, found \(model.summary); there is none")
    }
    return StorageError("model: expected \(current.model.summary), the current one, found \(model.summary)")
  }

  // MARK: - Answers

  /// An answer of as many matches as it can hold: with ids of a kilobyte these are fewer than 100.
  private static func answer(_ model: VectorModel, _ result: VectorSearch.Result) -> JSON {
    var answer: JSONObject = ["model": model.json, "matches": [], "exact": .bool(result.isExact)]
    var room = Document.sizeMax - JSON.object(answer).bytes().count
    var matches: [JSON] = []
    for match in result.matches {
      let json: JSON = ["foreign_id": .string(match.foreignID), "score": .double(Double(match.score))]
      room -= json.bytes().count + 1
      guard room >= 0 else { break }
      matches.append(json)
    }
    answer["matches"] = .array(matches)
    return .object(answer)
  }

  /// Reads in a tenant's database, for as long as `limit` says.
  private func read<Value>(
    _ scope: DocumentScope,
    within limit: Duration,
    _ body: (VectorStore) throws(DocumentStore.Failure) -> Result<Value, StorageError>
  ) throws(StorageError) -> Value {
    try stores.with(scope, within: limit) { (store) throws(DocumentStore.Failure) in try body(store.vectors) }.get()
  }
}
