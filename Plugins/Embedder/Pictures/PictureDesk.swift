internal import PluginKit

/// Has vectors made of pictures that the storage has.
///
/// Whoever asks names a blob; whether its tenant has that is asked before anything else, so that what was computed for one
/// tenant tells no other anything. What is wrong with one picture is said of it, and the others are made.
@PluginActor
final class PictureDesk {
  private let context: Context
  private let reader: BlobReader
  private let batcher: Batcher
  private let bytesMax: Int
  /// Those of the past keep none from the living.
  private let places: [Priority: ConcurrencyLimit]

  /// Before a batcher, which as many threads compute for: of each priority they can decode a picture each, while another
  /// is read, and no more are in memory as bytes.
  init(context: Context, batcher: Batcher, threads: Int, bytesMax: Int) {
    (self.context, self.batcher, self.bytesMax) = (context, batcher, bytesMax)
    reader = BlobReader(context: context)
    places = Dictionary(uniqueKeysWithValues: Priority.allCases.map { ($0, ConcurrencyLimit(threads + 1)) })
  }

  /// A vector of each picture, or why there is none.
  ///
  /// - Throws: If none can be made now: nobody serves the storage, too much waits, or the deadline passes.
  func make(
    _ request: ImageRequest,
    model: Int,
    for tenant: TenantName,
    deadline: Int64
  ) async throws -> [Result<[Float], EmbedAnswer.Refusal>] {
    context.metrics.add("images_total", Double(request.images.count))
    return try await withThrowingTaskGroup(of: (Int, Result<[Float], EmbedAnswer.Refusal>).self) { group in
      for (index, image) in request.images.enumerated() {
        group.addTask {
          (index, try await self.make(image, model, request.priority, for: tenant, deadline: deadline))
        }
      }
      var made = [Result<[Float], EmbedAnswer.Refusal>?](repeating: nil, count: request.images.count)
      for try await (index, one) in group { made[index] = one }
      let all = made.compactMap(\.self)
      context.metrics.add("images_refused_total", Double(all.count { (try? $0.get()) == nil }))
      return all
    }
  }

  private func make(
    _ image: BlobName,
    _ model: Int,
    _ priority: Priority,
    for tenant: TenantName,
    deadline: Int64
  ) async throws -> Result<[Float], EmbedAnswer.Refusal> {
    let bytes: [UInt8]
    let key = SubjectKey(sha256: image.digest, model: model)
    do throws(HostError) {
      guard let size = try await reader.size(of: image, for: tenant) else {
        let what = "expected a blob of \(image.collection), found none of \(image.sha256)"
        return .failure(.init(reason: what, isPassing: false))
      }
      guard size <= bytesMax else {
        return .failure(.init(reason: "expected at most \(bytesMax) bytes, found \(size)", isPassing: false))
      }
      if let made = batcher.known(key) { return Self.answer(made) }
      guard (try? await places[priority]?.enter()) != nil else {
        throw HostError(.cancelled, "the service is stopping")
      }
      do throws(HostError) {
        bytes = try await reader.bytes(of: image, size: size, for: tenant)
      } catch {
        places[priority]?.leave()
        throw error
      }
    } catch {
      switch error.kind {
      // What the storage answers is about this one; that it is not there is about all.
      case .failed: return .failure(.init(reason: error.message, isPassing: true))
      case .timeout: throw EmbedderError("the time was up before all pictures were read")
      case .cancelled: throw EmbedderError("the service is stopping")
      default: throw EmbedderError("storage: \(error.message)")
      }
    }
    defer { places[priority]?.leave() }
    let made = try await batcher.make([(key, .picture(bytes))], priority, deadline: deadline)
    return Self.answer(made[0])
  }

  private static func answer(_ made: Made) -> Result<[Float], EmbedAnswer.Refusal> {
    made.mapError { .init(reason: $0.description, isPassing: $0.isPassing) }
  }
}
