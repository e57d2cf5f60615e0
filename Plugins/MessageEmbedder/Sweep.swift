internal import PluginKit

/// Makes the vectors that the storage lacks: of what was stored before, of what could not be embedded when it came, and
/// of everything once the model is another.
///
/// It keeps nothing: the storage knows what is missing, so whatever interrupts it, it goes on where it was.
@PluginActor
final class Sweep {
  /// When what failed is tried again: an embedder that is being replaced takes seconds.
  private static let retry = Duration.seconds(5)

  private let context: Context
  private let writer: VectorWriter
  private let interval: Duration
  private var tenants: Set<TenantName>
  private var task: Task<Void, Never>?

  init(context: Context, writer: VectorWriter, interval: Duration) {
    (self.context, self.writer, self.interval) = (context, writer, interval)
    tenants = Set(context.binding.tenants)
  }

  /// Looks after a tenant, too.
  func add(_ tenant: TenantName) { tenants.insert(tenant) }

  /// Begins; the first look is at once.
  func start() {
    task = PluginActor.task { [self] in
      while !Task.isCancelled {
        var hasFailed = false
        for tenant in tenants.sorted() where !Task.isCancelled {
          if await !sweep(tenant) { hasFailed = true }
        }
        let pause = hasFailed ? min(Self.retry, interval) : interval
        guard (try? await context.clock.sleep(for: pause)) != nil else { return }
      }
    }
  }

  /// Ends; returns when nothing is asked for any more.
  func stop() async {
    task?.cancel()
    await task?.value
  }

  /// Makes what is missing of a tenant; false if that failed.
  private func sweep(_ tenant: TenantName) async -> Bool {
    do throws(HostError) {
      let made = try await fill(tenant)
      guard made > 0 else { return true }
      let told: JSONObject = ["tenant": .string("\(tenant)"), "vectors": .int(Int64(made))]
      context.log.info("made vectors that were missing", told)
      return true
    } catch {
      guard !Task.isCancelled else { return true }
      let why: JSONObject = ["tenant": .string("\(tenant)"), "why": .string(error.message)]
      context.log.warning("some messages have no vector yet", why)
      return false
    }
  }

  /// Makes what is missing, newest first; returns how many that were.
  private func fill(_ tenant: TenantName) async throws(HostError) -> Int {
    let model = try await writer.currentModel(for: tenant)
    let dimension = Int(model["dimension"]?.intValue ?? 0)
    var made = 0
    var cursor = JSON.null
    while !Task.isCancelled {
      let answer = try await context.ask(
        "storage.vectors.missing",
        for: tenant,
        resource: VectorWriter.collection,
        ["model": model, "cursor": cursor]
      )
      let items = (answer["documents"]?.arrayValue ?? []).compactMap(VectorWriter.Item.init)
      made += try await writer.write(items, dimension: dimension, for: tenant, .backfill)
      guard let next = answer["next"], !next.isNull, next != cursor else { break }
      cursor = next
    }
    context.metrics.add("vectors_swept_total", Double(made))
    return made
  }
}

extension VectorWriter.Item {
  /// Reads a document that lacks a vector.
  fileprivate init?(_ document: JSON) {
    guard let foreignID = document["foreign_id"]?.stringValue, let text = document["text"]?.stringValue,
      let content = document["content"]?.stringValue
    else { return nil }
    self.init(foreignID: foreignID, text: text, content: content)
  }
}
