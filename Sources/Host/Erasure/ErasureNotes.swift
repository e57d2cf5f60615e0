internal import Envelope
internal import Glibc

/// What an erasure knows of somebody's messages and texts, in a file until nothing is found any more.
///
/// Once documents and records are gone, nothing else tells which texts are to be looked for: a run that was interrupted,
/// or that has found some, would have the next one prove what is not so.
package struct ErasureNotes {
  /// Where they lie in `var`.
  static let directory = "erasures"

  private let place: String
  private var path: String { "\(place)/\(name).json" }
  private let name: String

  /// Those of an erasure; `name` tells it from others'.
  package init(_ name: String, in root: String) {
    (self.name, place) = (name, "\(root)/\(Self.directory)")
  }

  /// Tells a person what an earlier run knew.
  package func load(into person: inout Person) {
    guard let bytes = Self.read(path), let json = try? JSON.parse(bytes) else { return }
    for text in json["texts"]?.arrayValue ?? [] { person.insert(message: nil, text: text.stringValue) }
    for message in json["messages"]?.arrayValue ?? [] { person.insert(message: message.stringValue, text: nil) }
  }

  /// Writes down what is known.
  package func save(_ person: Person) throws(HostError) {
    try Directory.make(place, mode: 0o700)
    let json: JSON = [
      "texts": .array(person.pieces.sorted().map { .string($0) }),
      "messages": .array(person.messages.sorted().map { .string($0) }),
    ]
    try DurableFile().write(json.bytes(), to: path, mode: 0o600)
  }

  /// Removes them: nothing is found any more.
  package func remove() { unsafe unlink(path) }

  private static func read(_ path: String) -> [UInt8]? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    return unsafe pread(file, &bytes, bytes.count, 0) == bytes.count ? bytes : nil
  }
}
