internal import CLinux
internal import Envelope
internal import Glibc

/// Another's engine with the same weights, which a program in Python drives.
struct EmbeddingPeer {
  private static let packages = ["numpy==2.4.6", "onnx==1.23.2", "onnxruntime==1.31.1"]

  let name: String
  private let child: Child

  /// Those that there are: ONNX Runtime, and sentence-transformers where python3 has it.
  ///
  /// Says which are missing.
  static func all(model: String, digest: [UInt8], threads: Int, in directory: WorkDirectory) throws -> [EmbeddingPeer] {
    let place = "\(directory.build)/../Tests/Fixtures/ModelReference"
    var peers: [EmbeddingPeer] = []
    if let python = Python.having(packages, file: "onnxruntime", in: directory.build) {
      let graph = try graph(of: model, digest, python, place, in: directory.build)
      let words = ["\(place)/rates.py", "onnxruntime", graph, "\(threads)"]
      peers.append(.init(name: "onnxruntime", child: try Child(python[0], Array(python.dropFirst()) + words)))
    } else {
      print("no ONNX Runtime to compare with: pip cannot install \(packages.joined(separator: " "))")
    }
    let found = "import importlib.util as i; print(all(map(i.find_spec, ['torch', 'sentence_transformers'])))"
    if let python = try? Child("python3", ["-c", found], isQuiet: true), python.line() == "True" {
      let words = ["\(place)/rates.py", "sentence-transformers", model, "\(threads)"]
      peers.append(.init(name: "sentence-transformers", child: try Child("python3", words, isQuiet: true)))
    } else {
      print("no sentence-transformers to compare with: python3 does not have it")
    }
    return peers
  }

  /// The model as a graph, which is made once of each version of its weights and of the program that makes it.
  private static func graph(
    of model: String,
    _ digest: [UInt8],
    _ python: [String],
    _ place: String,
    in build: String
  ) throws -> String {
    let program = "\(place)/graph.py"
    var status = stat()
    guard unsafe stat(program, &status) == 0 else { throw BenchError(call: program) }
    let version = digest.prefix(6).map { String($0, radix: 16) }.joined()
    let graph = "\(build)/python/\(version).\(status.st_mtim.tv_sec).onnx"
    guard unsafe access(graph, R_OK) != 0 else { return graph }
    let child = try Child(python[0], Array(python.dropFirst()) + [program, model, graph])
    while child.line() != nil {}
    child.end()
    guard unsafe access(graph, R_OK) == 0 else { throw BenchError("graph.py ended without a graph") }
    return graph
  }

  /// Vectors a second, of runs until the time is over, and the first text's vector.
  func turn(_ texts: [[UInt32]], callers: Int, seconds: Double) throws -> (rate: Double, first: [Float]) {
    let asked: JSON = [
      "texts": .array(texts.map { .array($0.map { .int(Int64($0)) }) }), "callers": .int(Int64(callers)),
      "seconds": .double(seconds),
    ]
    try child.say(asked.text)
    guard let line = child.line(), let answer = try? JSON.parse(line), let rate = answer["rate"]?.doubleValue,
      let first = answer["first"]?.arrayValue?.compactMap(\.doubleValue)
    else { throw BenchError("\(name) ended without a result") }
    return (rate, first.map { Float($0) })
  }
}
