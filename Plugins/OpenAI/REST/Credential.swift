internal import PluginKit
internal import ProviderKit

/// The key to the server, where it wants one.
struct Credential: Sendable {
  /// The name by which the manifest's `secrets.read` grants it.
  static let name = "api_key"
  /// What stands in its place where a server tells it.
  private static let mark = Array("[api key]".utf8)
  /// Bytes of the shortest key that is struck out of answers: what is shorter is a word that a server without keys is
  /// given, and may well be that of a model.
  private static let secretMin = 8

  /// Its text; empty: there is none.
  let text: String

  /// Reads it; a tenant may have none.
  @PluginActor
  init(_ secrets: Secrets) throws(RESTFailure) {
    text = (try? secrets.text(Self.name)) ?? ""
    guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw .refused(
        "credential \(Self.name): expected one word of printable characters, found something else: give it without "
          + "\"Bearer\" before it, spaces and line breaks"
      )
    }
  }

  /// The value without the key in any of its texts: servers quote one that they do not take.
  func redacted(_ json: JSON) -> JSON {
    switch json {
    case .string(let text): .string(redacted(text))
    case .array(let values): .array(values.map(redacted))
    case .object(let members): .object(JSONObject(members.map { (redacted($0.key), redacted($0.value)) }))
    default: json
    }
  }

  /// The text without the key in it.
  func redacted(_ whole: String) -> String {
    let key = Array(text.utf8)
    guard key.count >= Self.secretMin, whole.utf8.count >= key.count else { return whole }
    let bytes = Array(whole.utf8)
    var (clean, place) = ([UInt8](), 0)
    while place < bytes.count {
      if bytes[place] == key[0], bytes[place...].starts(with: key) {
        clean += Self.mark
        place += key.count
      } else {
        clean.append(bytes[place])
        place += 1
      }
    }
    return clean.count == bytes.count && clean == bytes ? whole : String(decoding: clean, as: UTF8.self)
  }
}
