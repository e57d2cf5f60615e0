package import Envelope

/// One state of the whole deployment that ran or runs: what plugins.yml said, and which libraries its plugins were.
package struct Generation: Sendable, Hashable {
  /// Why it came to be.
  package enum Cause: String, CaseIterable, Sendable {
    /// The host found another plugins.yml than it had decided on.
    case start
    case apply
    case rollback
    /// One plugin was given another library.
    case reload
  }

  /// From 1.
  package var number: Int
  package var time: Timestamp
  package var cause: Cause
  /// The generation whose state this is once more, after a rollback.
  package var origin: Int?
  /// plugins.yml, byte for byte.
  package var manifest: [UInt8]
  /// The SHA-256 of each plugin's library; a plugin that was broken then has none.
  package var libraries: [String: String]

  package init(
    number: Int,
    time: Timestamp,
    cause: Cause,
    origin: Int? = nil,
    manifest: [UInt8],
    libraries: [String: String]
  ) {
    (self.number, self.time, self.cause, self.origin) = (number, time, cause, origin)
    (self.manifest, self.libraries) = (manifest, libraries)
  }

  /// What a rollback that names no generation goes back from.
  package var place: Int { origin ?? number }
}

// MARK: - JSON

extension Generation {
  /// The document that is kept.
  var document: JSON {
    var object: JSONObject = [
      "version": 1, "generation": .int(Int64(number)), "time": .string("\(time)"), "cause": .string(cause.rawValue),
    ]
    if let origin { object["origin"] = .int(Int64(origin)) }
    // A manifest is text; should it be none, it must come back as it was all the same.
    if let text = String(validating: manifest, as: UTF8.self) {
      object["plugins"] = .string(text)
    } else {
      object["plugins_base64"] = .string(Base64.encode(manifest))
    }
    let sorted = libraries.sorted { $0.key < $1.key }.map { ($0.key, JSON.string($0.value)) }
    object["libraries"] = .object(JSONObject(sorted))
    return .object(object)
  }

  init(_ bytes: [UInt8], _ what: String) throws(HostError) {
    var fields = try DocumentFields.version1(bytes, what)
    number = try fields.number("generation")
    let text = try fields.text("time")
    do throws(TimestampError) { time = try Timestamp(text) } catch { throw HostError("\(what): \(error)") }
    cause = try fields.choice("cause")
    origin = try fields.optionalNumber("origin")
    if let base64 = try fields.optionalText("plugins_base64") {
      guard let bytes = Base64.decode(base64) else { throw HostError("\(what): plugins_base64 is not base64") }
      manifest = bytes
    } else {
      manifest = Array(try fields.text("plugins").utf8)
    }
    libraries = try fields.table("libraries")
    for (plugin, digest) in libraries where !Self.isDigest(digest) {
      throw fields.mismatch("libraries.\(plugin)", "a SHA-256", .string(digest))
    }
    try fields.finish()
  }

  /// Whether a text is a SHA-256 in lower-case hexadecimal, and so can be a part of a path.
  static func isDigest(_ text: String) -> Bool {
    text.utf8.count == 64
      && text.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }
}
