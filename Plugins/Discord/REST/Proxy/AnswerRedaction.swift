internal import PluginKit
internal import ProviderKit

/// Takes the tokens out of answers: who may ask for a list of webhooks need not be able to write as them.
enum AnswerRedaction {
  static let mark = "[redacted]"

  /// Members whose texts are secrets, wherever they stand.
  private static let secrets = Set(EventRedaction.secret + ["webhook_token"])

  /// The value without secrets.
  static func redact(_ json: JSON) -> JSON {
    switch json {
    case .string(let text): .string(redact(text))
    case .array(let values): .array(values.map(redact))
    case .object(let members):
      .object(
        JSONObject(
          members.map { key, value in
            (key, secrets.contains(key) && value.stringValue != nil ? .string(mark) : redact(value))
          }
        )
      )
    default: json
    }
  }

  /// The text with the token of each webhook's URL in it struck out.
  ///
  /// By bytes: a mark behind a slash would join it to one character.
  static func redact(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var (clean, place) = ([UInt8](), 0)
    while place < bytes.count {
      guard let token = token(in: bytes, at: place) else {
        clean.append(bytes[place])
        place += 1
        continue
      }
      clean += bytes[place..<token.lowerBound] + Array(mark.utf8)
      place = token.upperBound
    }
    return clean == bytes ? text : String(decoding: clean, as: UTF8.self)
  }

  /// Where the token is, if `/webhooks/ID/TOKEN` stands at a place.
  private static func token(in bytes: [UInt8], at place: Int) -> Range<Int>? {
    guard bytes[place] == UInt8(ascii: "/"), bytes[place...].starts(with: "/webhooks/".utf8) else { return nil }
    let id = place + "/webhooks/".utf8.count
    let slash = bytes[id...].firstIndex { !(0x30...0x39).contains($0) } ?? bytes.count
    guard slash > id, slash < bytes.count, bytes[slash] == UInt8(ascii: "/") else { return nil }
    let start = slash + 1
    let end = bytes[start...].firstIndex { !PercentEncoding.inToken.contains($0) } ?? bytes.count
    return end > start ? start..<end : nil
  }
}
