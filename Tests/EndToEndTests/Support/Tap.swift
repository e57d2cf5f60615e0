import Dispatch
import Envelope
import Foundation
import Host
import Locking
import TestSupport

/// A tap of a tenant's events, which sees each envelope that is recorded.
///
/// A thread reads it all the time, since the host drops what is not read.
final class Tap: Sendable {
  private let seen = Locked<[JSON]>([])
  /// Counts what has been seen.
  private let arrivals = DispatchSemaphore(value: 0)

  /// Begins to tap what is published on a pattern of topics; from its return on it misses nothing.
  init(of host: TestHost, pattern: String) throws {
    let path = AdminClient.socketPath(directory: host.view)
    let begun = DispatchSemaphore(value: 0)
    Thread.detachNewThread { [self] in
      defer { begun.signal() }
      guard let client = try? AdminClient(path: path),
        let tap = try? client.send("tap", ["pattern": .string(pattern)]),
        let status = try? client.send("status")
      else { return note(["id": "no tap"]) }
      // Until the host ends.
      while let event = try? client.receive() {
        // What one connection asks for is done in its order.
        if event.request == status { begun.signal() }
        guard event.request == tap, case .item(let item) = event.content else { continue }
        note(item["envelope"] ?? ["id": .string("not an envelope: \(item)")])
      }
    }
    begun.wait()
  }

  /// The ids of the envelopes that it has seen, once those are as many as are expected.
  func ids(_ count: Int) throws -> [String] { try envelopes(count).map { $0["id"]?.stringValue ?? "\($0)" } }

  /// The envelopes that it has seen, as CloudEvents, once those are as many as are expected.
  func envelopes(_ count: Int) throws -> [JSON] {
    for _ in 0..<count where arrivals.wait(timeout: .now() + .milliseconds(Int(TestHost.patience))) != .success {
      throw ChildProcess.Failure(description: "waited in vain until a tap has seen \(count) envelopes")
    }
    return seen.withLock { $0 }
  }

  private func note(_ envelope: JSON) {
    seen.withLock { $0.append(envelope) }
    arrivals.signal()
  }
}
