package import PluginKit

/// Makes the vectors that the storage lacks: of what was stored before, of what could not be embedded when it came, and
/// of everything once the model is another.
///
/// It keeps nothing: the storage knows what is missing, so whatever interrupts it, it goes on where it was.
@PluginActor
package final class VectorSweep {
  /// When what failed is tried again: an embedder that is being replaced takes seconds.
  private static let retry = Duration.seconds(5)
  /// When what is expected is looked for, each after the one before: what takes long to come may be found late.
  private static let looks: [Duration] =
    [.milliseconds(250), .milliseconds(250), .milliseconds(500)] + (0..<5).map { .seconds(1 << $0) }
  /// The newest documents that are made at once for somebody who expects one; the rest waits for its turn.
  private static let expectedMax: Int64 = 8

  private let context: Context
  private let writer: VectorWriter
  private let interval: Duration
  private var tenants: Set<TenantName>
  private var task: Task<Void, Never>?
  /// Of each tenant for which something is expected which look is next, and who looks.
  private var expected: [TenantName: (next: Int, task: Task<Void, Never>)] = [:]

  /// Looks after the instance's tenants, every `interval`.
  package init(context: Context, writer: VectorWriter, interval: Duration) {
    (self.context, self.writer, self.interval) = (context, writer, interval)
    tenants = Set(context.binding.tenants)
  }

  /// Looks after a tenant, too.
  package func add(_ tenant: TenantName) { tenants.insert(tenant) }

  /// Begins; the first look is at once.
  package func start() {
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
  package func stop() async {
    let tasks = [task].compactMap(\.self) + expected.values.map(\.task)
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  // MARK: - What is expected

  /// Looks for a tenant's newest documents again and again for half a minute: one is about to be stored.
  package func expect(_ tenant: TenantName) {
    add(tenant)
    if let looking = expected[tenant] {
      // Whoever looks within the first pause begins again then.
      guard looking.next > 1 else {
        expected[tenant]?.next = 0
        return
      }
      // A longer pause is not to be waited for.
      looking.task.cancel()
    }
    let task = PluginActor.task { [self] in
      while !Task.isCancelled, let look = expected[tenant]?.next, look < Self.looks.count {
        expected[tenant]?.next += 1
        guard (try? await context.clock.sleep(for: Self.looks[look])) != nil else { break }
        await lookForNewest(tenant)
      }
      // What has been cancelled has a successor there.
      if !Task.isCancelled { expected[tenant] = nil }
    }
    expected[tenant] = (0, task)
  }

  private func lookForNewest(_ tenant: TenantName) async {
    do throws(HostError) {
      // Where as many were made as one look takes there may be more.
      while !Task.isCancelled, try await fill(tenant, newest: Self.expectedMax) == Self.expectedMax {}
    } catch {
      // The sweep makes up for it.
      context.log.debug("looked in vain", ["tenant": .string("\(tenant)"), "why": .string(error.message)])
    }
  }

  // MARK: - What is missing

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
      context.log.warning("some \(writer.maker.collection) have no vector yet", why)
      return false
    }
  }

  /// Makes what is missing, newest first; returns how many that were.
  ///
  /// Of the `newest` so many are looked at, since somebody waits for them; without it all are, when nobody does.
  private func fill(_ tenant: TenantName, newest: Int64? = nil) async throws(HostError) -> Int {
    let model = try await writer.maker.currentModel(for: tenant)
    let dimension = Int(model["dimension"]?.intValue ?? 0)
    var made = 0
    var cursor = JSON.null
    while !Task.isCancelled {
      var question: JSONObject = ["model": model, "cursor": cursor]
      if let newest { question["limit"] = .int(newest) }
      let answer = try await context.ask(
        "storage.vectors.missing",
        for: tenant,
        resource: writer.maker.collection,
        .object(question)
      )
      let items = (answer["documents"]?.arrayValue ?? []).compactMap(VectorItem.init)
      let priority: EmbeddingPriority = newest == nil ? .backfill : .live
      made += try await writer.write(items, dimension: dimension, for: tenant, priority)
      guard newest == nil, let next = answer["next"], !next.isNull, next != cursor else { break }
      cursor = next
    }
    context.metrics.add("vectors_swept_total", Double(made))
    return made
  }
}
