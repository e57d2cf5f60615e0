internal import PluginKit

/// Has vectors made of pictures that the storage has.
///
/// Whoever asks names a blob; whether its tenant has that is asked before anything else, so that what was computed for one
/// tenant tells no other anything. What is wrong with one picture is said of it, and the others are made.
@PluginActor
final class PictureDesk {
  /// Pictures of one priority that are in memory as bytes: one is read while another is decoded.
  private static let placesEach = 2

  private let context: Context
  private let reader: BlobReader
  private let batcher: Batcher
  private let bytesMax: Int
  /// Those of the past keep none from the living.
  private let places: [Priority: ConcurrencyLimit]

  init(context: Context, batcher: Batcher, bytesMax: Int) {
    (self.context, self.batcher, self.bytesMax) = (context, batcher, bytesMax)
    reader = BlobReader(context: context)
    places = Dictionary(uniqueKeysWithValues: Priority.allCases.map { ($0, ConcurrencyLimit(Self.placesEach)) })
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
      if let vector = batcher.known(key) { return .success(vector) }
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
      // What the storage answers is about this one; that it is not there is about all.
      guard error.kind == .failed else { throw EmbedderError("storage: \(error.message)") }
      return .failure(.init(reason: error.message, isPassing: true))
    }
    defer { places[priority]?.leave() }
    let made = try await batcher.make([(key, .picture(bytes))], priority, deadline: deadline)
    return made[0].mapError { .init(reason: $0.description, isPassing: false) }
  }
}
