internal import BenchNATS
internal import Envelope
internal import Glibc

/// `promethean-bench`: measures the host next to the least that its work can cost, and next to a NATS server where
/// there is one.
@main
enum Bench {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    if arguments.first == NATSServer.Client.command {
      exit(NATSServer.Client.run(arguments.dropFirst().map(\.self)))
    }
    let parts = Part.allCases.filter { arguments.isEmpty || arguments.contains($0.rawValue) }
    // One row of the long part, by its name.
    let kinds = arguments.compactMap { $0.hasPrefix("hostile.") ? String($0.dropFirst("hostile.".count)) : nil }
    guard arguments.count <= parts.count + kinds.count, kinds.allSatisfy(Hostile.names.contains) || arguments.isEmpty
    else {
      let names = Part.allCases.map(\.rawValue) + ["hostile.KIND"]
      print("usage: promethean-bench [\(names.joined(separator: "|"))]...", to: &standardError)
      print("  KIND: \(Hostile.names.joined(separator: ", "))", to: &standardError)
      exit(2)
    }
    do {
      try run(kinds.isEmpty || parts.contains(.hostile) ? parts : parts + [.hostile], hostile: kinds)
    } catch {
      print("promethean-bench: \(error)", to: &standardError)
      exit(1)
    }
  }

  /// What can be measured by itself; all of it is, unless some are named.
  private enum Part: String, CaseIterable {
    case hop, route, durable, start, reload, vectors, embed, search, intake, rest, hostile
  }

  private static func run(_ parts: [Part], hostile kinds: [String]) throws {
    let directory = try WorkDirectory()
    defer { directory.remove() }
    try directory.removeOnSignal()
    var report = Report()
    for part in parts {
      switch part {
      case .hop: try Hop.measure(in: directory, into: &report)
      case .route: try Routing.measure(in: directory, into: &report)
      case .durable: try Durable.measure(in: directory, into: &report)
      case .start: try Start.measure(in: directory, into: &report)
      case .reload: try Reload.measure(in: directory, into: &report)
      case .vectors: try Vectors.measure(into: &report)
      case .embed: try Embeddings.measure(in: directory, into: &report)
      case .search: try Searchable.measure(in: directory, into: &report)
      case .intake: try Intake.measure(in: directory, into: &report)
      case .rest: try RESTCalls.measure(in: directory, into: &report)
      case .hostile: try Hostile.measure(kinds, in: directory, into: &report)
      }
    }
    guard parts == Part.allCases else { return }
    let path = "\(directory.build)/bench.json"
    try WorkDirectory.write(report.json.bytes(pretty: true) + [UInt8(ascii: "\n")], to: path)
    print("\nwritten to \(path)")
  }
}

/// Why a measurement could not be made.
struct BenchError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }

  /// Says that a call failed, with the errno that it left.
  init(call: String) {
    self.init("\(call): \(unsafe String(cString: strerror(errno)))")
  }
}

/// Where complaints go.
struct StandardError: TextOutputStream {
  func write(_ text: String) {
    var text = text
    text.withUTF8 { _ = unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}

var standardError: StandardError {
  get { StandardError() }
  set {}
}
