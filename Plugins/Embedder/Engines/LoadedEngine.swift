internal import FileType
internal import Picture

/// What a vector is made of.
enum Subject: Sendable {
  case text(String)
  /// The bytes of a picture, as it was attached to a message.
  case picture([UInt8])

  /// What it counts for in a batch.
  var cost: Int {
    switch self {
    case .text(let text): min(text.utf8.count, BatchLimits.textCostMax)
    case .picture(let bytes):
      max(BatchLimits.pictureCostMin, bytes.count / BatchLimits.pictureBytesEach, Self.cost(ofPixelsIn: bytes))
    }
  }

  /// What the pixels count for that a picture's header tells; if it tells none where they are looked for, as many as can be.
  private static func cost(ofPixelsIn bytes: [UInt8]) -> Int {
    let head = Array(bytes.prefix(FileType.headSize))
    let type = FileType(head: head, isWhole: head.count == bytes.count)
    guard type.isPicture else { return 0 }
    guard let size = ImageSize(head: head, type: type) else { return BatchLimits.costMax }
    let (pixels, isMore) = size.width.multipliedReportingOverflow(by: size.height)
    return isMore ? BatchLimits.costMax : min(BatchLimits.costMax, pixels / BatchLimits.picturePixelsEach)
  }
}

extension Subject {
  /// The text; nil if it is none.
  var text: String? {
    guard case .text(let text) = self else { return nil }
    return text
  }
}

/// The vector of a subject, of unit length, or what is wrong with that subject alone.
typealias Made = Result<[Float], EmbedderError>

extension Made {
  /// Whether the same would come of the subject again.
  var isLasting: Bool {
    switch self {
    case .success: true
    case .failure(let error): !error.isPassing
    }
  }
}

/// An engine of some kind of subjects.
enum LoadedEngine: Sendable {
  case texts(any TextEngine)
  case pictures(any PictureEngine)

  /// What it is whatever it is of.
  var engine: any EmbeddingEngine {
    switch self {
    case .texts(let engine): engine
    case .pictures(let engine): engine
    }
  }

  var isOfPictures: Bool {
    switch self {
    case .texts: false
    case .pictures: true
    }
  }

  /// What one thread computes with.
  func makeWorker() throws(EmbedderError) -> LoadedWorker {
    switch self {
    case .texts(let engine): .texts(try engine.makeWorker())
    case .pictures(let engine): .pictures(try engine.makeWorker(), engine.size)
    }
  }
}

/// An engine of some kind of subjects on one thread.
enum LoadedWorker {
  case texts(any TextWorker)
  case pictures(any PictureWorker, RasterSize)

  /// Makes one of each subject, in their order.
  ///
  /// - Throws: What is wrong with none of them, and so with all.
  func make(_ subjects: [Subject]) throws(EmbedderError) -> [Made] {
    switch self {
    case .texts(let worker):
      let texts = subjects.compactMap(\.text)
      try Self.check(texts.count, subjects.count, "texts")
      let vectors = try worker.vectors(of: texts)
      try Self.check(vectors.count, texts.count, "vectors")
      return vectors.map(Made.success)
    case .pictures(let worker, let size):
      let decoded = subjects.map { Self.raster(of: $0, size) }
      let rasters = decoded.compactMap { try? $0.get() }
      let vectors = rasters.isEmpty ? [] : try worker.vectors(of: rasters)
      try Self.check(vectors.count, rasters.count, "vectors")
      var rest = vectors[...]
      return decoded.map { raster in raster.map { _ in rest.removeFirst() } }
    }
  }

  private static func raster(of subject: Subject, _ size: RasterSize) -> Result<Raster, EmbedderError> {
    guard case .picture(let bytes) = subject else { return .failure(EmbedderError("expected a picture, found a text")) }
    do throws(PictureError) {
      return .success(try Picture.raster(of: bytes, size))
    } catch {
      return .failure(EmbedderError(error.description, isPassing: error.isForWantOfMemory))
    }
  }

  private static func check(_ found: Int, _ expected: Int, _ what: String) throws(EmbedderError) {
    guard found == expected else { throw EmbedderError("expected \(expected) \(what), found \(found)") }
  }
}
