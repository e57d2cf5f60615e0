import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct EndOfBatchTests {
  @Test func `what waits for the end of a batch goes on when all of it has been handed over`() async throws {
    let host = FakeHost(Gatherer.self)
    try await host.boot()
    var sizes: [JSON] = []
    for delivery in await host.deliver(Array(repeating: request, count: 5)) {
      guard case .response(let response) = await host.outcome(of: delivery) else { continue }
      sizes.append(try JSON.parse(response.payload))
    }
    #expect(sizes == [5, 5, 5, 5, 5])
    #expect(try await host.request(request) == 1)
    try await host.stop()
  }

  @Test func `what waits while the instance is destroyed goes on`() async throws {
    let host = FakeHost(Gatherer.self)
    try await host.boot()
    _ = await host.deliver([request])
    await host.destroy()
    await HostThread.shared.run {}
    #expect(host.record.logged.map(\.message) == ["1"])
  }

  private var request: Envelope {
    var request = Envelope(topic: "promethean.p.echo.t.demo.control.gather")
    request.flags = .request
    return request
  }
}

/// Answers each request with how many came in its batch.
@PluginActor
private final class Gatherer: Plugin {
  nonisolated static let id = "gatherer"
  private let context: Context
  private var gathered = 0

  init(context: Context) throws {
    self.context = context
  }

  func handle(_ envelope: Envelope) async throws -> Response? {
    gathered += 1
    await context.endOfBatch()
    let size = gathered
    Task { gathered = 0 }
    context.log.info("\(size)")
    return Response(json: .int(Int64(size)))
  }
}
