internal import Envelope

/// The server of models of Tests/Fixtures/OpenAIServer, on loopback; it ends with this object, or with the tests.
///
/// What it can be told, and what can go wrong, is in its server.py.
package final class OpenAIServer: ControlledServer {
  package let server: PythonServer

  /// The URL of its API, without a slash at the end.
  package var api: String { "\(url)/v1" }

  /// Starts it.
  ///
  /// - Parameters:
  ///   - key: The key that it wants; empty: none.
  ///   - dimension: Numbers of a vector.
  ///   - isPlain: Whether it answers with lists of numbers whatever it is asked for.
  /// - Throws: When it does not start.
  package convenience init(key: String = "", dimension: Int = 8, isPlain: Bool = false) async throws {
    let words = ["--key", key, "--dimension", "\(dimension)"] + (isPlain ? ["--plain"] : [])
    self.init(running: try await PythonServer("\(Products.package)/Tests/Fixtures/OpenAIServer/server.py", words))
  }

  package init(running server: PythonServer) {
    self.server = server
  }

  /// What texts are answered with, made of unit length.
  package func vectors(_ texts: [String]) async throws -> [[Float]] {
    let found = try await control("vectors", ["texts": .array(texts.map { .string($0) })])
    return (found.arrayValue ?? []).map { vector in
      let numbers = (vector.arrayValue ?? []).compactMap(\.doubleValue)
      let length = numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return numbers.map { Float($0 / length) }
    }
  }
}
