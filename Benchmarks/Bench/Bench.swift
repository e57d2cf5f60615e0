internal import BenchNATS
internal import Envelope
internal import Glibc

/// `promethean-bench`: measures the host next to the least that its work can cost, and next to a NATS server where there is one.
@main
enum Bench {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    if arguments.first == NATSServer.Client.command {
      exit(NATSServer.Client.run(arguments.dropFirst().map(\.self)))
    }
    guard arguments.isEmpty else {
      print("usage: promethean-bench", to: &standardError)
      exit(2)
    }
    do {
      try run()
    } catch {
      print("promethean-bench: \(error)", to: &standardError)
      exit(1)
    }
  }

  private static func run() throws {
    let directory = try WorkDirectory()
    defer { directory.remove() }
    try directory.removeOnSignal()
    var report = Report()
    // The bare rings fork, so they come before any host.
    try Hop.measure(in: directory, into: &report)
    try Routing.measure(in: directory, into: &report)
    try Durable.measure(in: directory, into: &report)
    try Start.measure(in: directory, into: &report)
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
