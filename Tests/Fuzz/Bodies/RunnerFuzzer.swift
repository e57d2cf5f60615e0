import CChannel
import FuzzRunner

@testable import Host

/// The runner takes a frame or a set-up apart, or says why it does not.
enum RunnerFuzzer {
  static func run(_ bytes: [UInt8]) throws {
    let refusals = unsafe [
      fuzz_runner_frame(bytes, bytes.count).map { unsafe String(cString: $0) },
      fuzz_runner_setup(bytes, bytes.count).map { unsafe String(cString: $0) },
    ]
    for refusal in refusals { try hold(refusal != "", "a refusal without words") }
    if let message = unsafe bytes.withUnsafeBytes({ unsafe ControlMessage($0) }) {
      try hold(message.encode() == bytes, "a control message that is written in two ways")
    }
  }
}
