internal import Glibc
internal import Host
internal import Synchronization
internal import Transformer

/// Our engine, called from some threads.
final class EmbeddingPool {
  /// What one thread computes with; only that one touches it while it runs.
  private struct Worker: @unchecked Sendable {
    let run: TransformerRun

    func vectors(of texts: [[UInt32]]) -> [[Float]] {
      do {
        return try run.vectors(of: texts, .mean)
      } catch {
        fatalError("\(error)")
      }
    }
  }

  private let workers: [Worker]

  /// Makes room for so many callers.
  init(_ model: TransformerModel, callers: Int) throws {
    workers = try (0..<callers).map { _ in Worker(run: try TransformerRun(model)) }
  }

  func vector(of text: [UInt32]) throws -> [Float] { workers[0].vectors(of: [text])[0] }

  /// Vectors a second, of runs until the time is over.
  func turn(_ texts: [[UInt32]], callers: Int, seconds: Double) throws -> Double {
    let duration = Int64(seconds * 1e9)
    let (began, total) = (monotonic(), Total())
    // Each goes on with the next whatever the others do.
    @Sendable func call(_ worker: Worker) {
      while monotonic() < began + duration {
        _ = worker.vectors(of: texts)
        total.add(texts.count)
      }
    }
    let others = try workers[1..<callers].map { worker in try BackgroundThread("bench-embed") { call(worker) } }
    call(workers[0])
    for other in others { other.join() }
    return Double(total.value) * 1e9 / Double(monotonic() - began)
  }

  /// What several threads count.
  private final class Total: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add(_ more: Int) { count.add(more, ordering: .relaxed) }
  }
}
