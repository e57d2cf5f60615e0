import Dispatch
import Envelope
import Foundation
import Host
import Locking
import TestSupport

/// A tap of a tenant's new messages, which sees each envelope that is recorded.
///
/// A thread reads it all the time, since the host drops what is not read.
final class Tap: Sendable {
  private let seen = Locked<[String]>([])
  /// Counts what has been seen.
  private let arrivals = DispatchSemaphore(value: 0)

  /// Begins to tap; from its return on it misses nothing.
  init(of discord: DiscordDeployment, tenant: String) throws {
    let path = AdminClient.socketPath(directory: discord.host.view)
    let begun = DispatchSemaphore(value: 0)
    Thread.detachNewThread { [self] in
      defer { begun.signal() }
      guard let client = try? AdminClient(path: path),
        let tap = try? client.send("tap", ["pattern": "promethean.p.discord.t.\(tenant).events.SocialMessageCreated"]),
        let status = try? client.send("status")
      else { return note("no tap") }
      // Until the host ends.
      while let event = try? client.receive() {
        // What one connection asks for is done in its order.
        if event.request == status { begun.signal() }
        guard event.request == tap, case .item(let item) = event.content else { continue }
        note(item["envelope"]?["id"]?.stringValue ?? "not an envelope: \(item)")
      }
    }
    begun.wait()
  }

  /// The ids of the envelopes that it has seen, once those are as many as are expected.
  func ids(_ count: Int) throws -> [String] {
    for _ in 0..<count where arrivals.wait(timeout: .now() + .milliseconds(Int(TestHost.patience))) != .success {
      throw ChildProcess.Failure(description: "waited in vain until a tap has seen \(count) envelopes")
    }
    return seen.withLock { $0 }
  }

  private func note(_ id: String) {
    seen.withLock { $0.append(id) }
    arrivals.signal()
  }
}
