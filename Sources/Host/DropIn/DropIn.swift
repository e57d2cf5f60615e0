internal import Envelope
internal import Glibc
internal import Signing

/// A file of the drop-in folder `plugins.d`, as it was looked at: as data, of which nothing is mapped or believed.
struct DropIn: Sendable, Hashable {
  /// Its name in the folder.
  let file: String
  let content: Content

  enum Content: Sendable, Hashable {
    case library(Library)
    /// A file that is no library that could run, at least not yet, with what is the matter.
    case unreadable(String)
    /// Nothing that is opened at all, such as a symbolic link, with what it is.
    case refused(String)
  }

  /// What a library says of itself, and who has signed it.
  struct Library: Sendable, Hashable {
    let digest: String
    let id: String
    let kind: String
    let version: String
    let provider: String?
    let about: String?
    /// What it asks for, a line for each grant.
    let requests: [String]
    let signature: Signed
  }

  /// What is known of who has signed a library.
  enum Signed: Sendable, Hashable {
    case by(key: String, comment: String)
    case nobody
    /// There is a signature, and why it is not taken.
    case badly(String)
  }
}

// MARK: - Reading

extension DropIn.Library {
  /// How many grants are kept of one library, so that a hostile one fills nobody's memory; people read fewer.
  private static let requestsMax = 32

  init(_ library: LibraryFile, _ manifest: PluginManifest, keys: [PublicKey]) {
    (digest, id, kind, version) = (library.digest, manifest.id, manifest.kind.rawValue, DropIn.cut(manifest.version))
    (provider, about) = (manifest.provider, manifest.about.map(DropIn.cut))
    let lines = manifest.requests.map(\.line)
    let more = lines.count > Self.requestsMax ? ["and \(lines.count - Self.requestsMax) more"] : []
    requests = lines.prefix(Self.requestsMax).map(DropIn.cut) + more
    signature = DropIn.Signed(of: library, keys: keys)
  }
}

extension DropIn {
  /// How long a text is that is kept of others' making, in characters: a few lines of a terminal.
  private static let textMax = 300

  /// A text of others' making, or one that quotes it, as much of it as is kept.
  static func cut(_ text: String) -> String {
    text.count > textMax ? text.prefix(textMax) + "…" : text
  }
}

extension DropIn.Signed {
  init(of library: LibraryFile, keys: [PublicKey]) {
    do throws(SigningError) {
      let (key, comment) = try library.signature(by: keys)
      self = .by(key: "\(key)", comment: DropIn.cut(comment))
    } catch {
      if case .system(_, ENOENT) = error { self = .nobody } else { self = .badly(library.complaint(error)) }
    }
  }
}

// MARK: - Showing

extension DropIn {
  /// What becomes of the files of the folder, in a word.
  enum State: String, CaseIterable {
    /// Nothing of plugins.yml names it.
    case discovered
    /// It is another library than the plugin runs that names it: a plan would reload that.
    case changed
    case broken
  }

  /// What `status` shows of a file.
  ///
  /// - Parameters:
  ///   - state: What becomes of it.
  ///   - plugin: The plugin of plugins.yml that names it.
  /// - Returns: An object.
  func json(_ state: State, plugin: String?) -> JSON {
    var object: JSONObject = [
      "file": .string(file), "state": .string(state.rawValue), "plugin": plugin.map { .string($0) } ?? .null,
    ]
    switch content {
    case .unreadable(let reason), .refused(let reason): object["reason"] = .string(reason)
    case .library(let library):
      object["id"] = .string(library.id)
      object["version"] = .string(library.version)
      object["kind"] = .string(library.kind)
      object["provider"] = library.provider.map { .string($0) } ?? .null
      object["description"] = library.about.map { .string($0) } ?? .null
      object["requests"] = .array(library.requests.map { .string($0) })
      object["digest"] = .string(library.digest)
      object["signature"] = library.signature.json
    }
    return .object(object)
  }
}

extension DropIn.Signed {
  fileprivate var json: JSON {
    switch self {
    case .by(let key, let comment): ["state": "signed", "key": .string(key), "comment": .string(comment)]
    case .nobody: ["state": "unsigned"]
    case .badly(let reason): ["state": "bad", "reason": .string(reason)]
    }
  }
}
