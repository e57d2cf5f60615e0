import Envelope
import Foundation
import Glibc
import Host
import Locking

/// Publishes the next numbers at a rate, on a thread of its own, until it is told to stop.
final class NumberStream: Sendable {
  /// What one has come to.
  struct Outcome: Sendable {
    /// The last number that was published; all up to it are recorded.
    var last: Int
    var rate: Double
  }

  /// Numbers a second that are offered; fewer are published where the machine is too slow.
  static let rate = 2000
  /// How often those that are due are published together, in milliseconds: what comes in between is what a busy host
  /// reads at once anyway.
  private static let interval: Int32 = 5
  /// Requests that the host works on at a time.
  private static let batch = 256

  private let isStopped = Locked(false)
  private let outcome = Locked<Result<Outcome, any Error>?>(nil)
  /// Its first numbers are recorded, or it failed before.
  private let begun = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  /// Starts after a number, and waits until the first of those that follow are recorded.
  init(after last: Int, on path: String) {
    let thread = Thread { [self] in
      let result = Result { try run(after: last, AdminClient(path: path)) }
      outcome.withLock { $0 = result }
      begun.signal()
      ended.signal()
    }
    thread.start()
    begun.wait()
  }

  /// Stops it, and waits until all that was published is recorded.
  func stop() throws -> Outcome {
    isStopped.withLock { $0 = true }
    ended.wait()
    guard let outcome = outcome.withLock({ $0 }) else { preconditionFailure("it ended without an outcome") }
    return try outcome.get()
  }

  private func run(after first: Int, _ client: AdminClient) throws -> Outcome {
    let start = ContinuousClock.now
    var last = first
    while !isStopped.withLock({ $0 }) {
      let due = first + Int((ContinuousClock.now - start) / .milliseconds(1)) * Self.rate / 1000
      if due > last {
        try Self.publish(last + 1...min(due, last + Self.batch), client)
        last = min(due, last + Self.batch)
        begun.signal()
      } else {
        poll(nil, 0, Self.interval)
      }
    }
    return Outcome(last: last, rate: Double(last - first) / ((ContinuousClock.now - start) / .seconds(1)))
  }

  /// Publishes numbers, each under one of several keys, and waits until they are recorded.
  static func publish(_ numbers: ClosedRange<Int>, _ client: AdminClient) throws {
    for number in numbers {
      let key = number % 7
      try client.send(
        "publish",
        [
          "topic": "promethean.p.echo.t.demo.events.Numbered", "intent": "Numbered",
          "payload": ["n": .int(Int64(number)), "k": .int(Int64(key))], "key": .string("\(key)"),
        ]
      )
    }
    for _ in numbers {
      switch try client.receive().content {
      case .ok: break
      case .error(let error): throw error
      case .item(let item): throw ChildProcess.Failure(description: "an item is no answer: \(item)")
      }
    }
  }
}
