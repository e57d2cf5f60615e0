import Foundation
import TestSupport
import Testing

/// Goes through the inputs that are kept for the fuzzers, as `make fuzz` would try them first: one after the other, since
/// a fuzzer has files and the runner's memory to itself.
@Suite(.serialized) struct FuzzTests {
  @Test(arguments: Fuzzer.allCases)
  func `every input that is kept passes`(fuzzer: Fuzzer) throws {
    let corpus = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus/\(fuzzer.rawValue)")
    let inputs = try FileManager.default.contentsOfDirectory(at: corpus, includingPropertiesForKeys: nil)
    #expect(inputs.count >= 5, "a fuzzer begins with some inputs")
    for input in inputs {
      // Foundation leaks what it has read of an empty file.
      let bytes = try FileBytes.read(input.path(percentEncoded: false))
      #expect(throws: Never.self, "\(fuzzer.rawValue)/\(input.lastPathComponent)") { try fuzzer.run(bytes) }
    }
  }
}
