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

  /// Tells a person what an earlier run knew; nothing, if there was none.
  ///
  /// - Throws: What cannot be read: without it, that nothing is found any more would not be proved.
  package func load(into person: inout Person) throws(HostError) {
    guard let bytes = try Self.read(path) else { return }
    guard let json = try? JSON.parse(bytes), let texts = json["texts"]?.arrayValue,
      let messages = json["messages"]?.arrayValue
    else {
      throw HostError(
        "\(path): expected the texts and messages that an earlier erasure wrote down, found something else; "
          + "without that file, texts that are no longer stored are not looked for"
      )
    }
    for text in texts { person.insert(message: nil, text: text.stringValue) }
    for message in messages { person.insert(message: message.stringValue, text: nil) }
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

  /// Removes them, and what a power cut has left of their making: nothing is found any more.
  package func remove() {
    for name in Directory.names(in: place) where name.hasPrefix("\(self.name).") { unsafe unlink("\(place)/\(name)") }
  }

  private static func read(_ path: String) throws(HostError) -> [UInt8]? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    if file < 0, errno == ENOENT { return nil }
    guard file >= 0 else { throw HostError(call: "open", path: path) }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0 else { throw HostError(call: "fstat", path: path) }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    guard unsafe pread(file, &bytes, bytes.count, 0) == bytes.count else { throw HostError(call: "read", path: path) }
    return bytes
  }
}
