internal import PluginKit
internal import ProviderKit

extension PostFailure {
  /// What Discord says no to.
  init(_ answer: RESTAnswer, _ call: RESTCall, hint: String?) {
    let problem = DiscordProblem(answer)
    let text = "\(call.method) \(call.path): Discord answered \(problem)\(hint.map { ": \($0)" } ?? "")"
    switch answer.status {
    // A token that is refused is replaced some day, and a limit passes; neither is the wish's fault.
    case 401, 429: self = .later(text)
    case 400...499: self = .never(text)
    default: self = .again(text)
    }
  }
}

/// What Discord says is wrong, in its words.
struct DiscordProblem: CustomStringConvertible {
  let status: Int
  /// Discord's own number, 0 if the answer has none.
  let code: Int64
  private let message: String
  /// What is wrong with which field.
  private let fields: [String]
  /// Whether it is about the message that was to be answered.
  let isAboutReference: Bool

  /// The code for a message that is not there.
  static let unknownMessage: Int64 = 10008
  /// The most fields that are told.
  private static let fieldsMax = 3

  init(_ answer: RESTAnswer) {
    status = answer.status
    let json = (try? JSON.parse(answer.body)) ?? .null
    code = json["code"]?.intValue ?? 0
    message = json["message"]?.stringValue ?? ""
    fields = Self.fields(json["errors"] ?? .null, "")
    isAboutReference = code == Self.unknownMessage || json["errors"]?["message_reference"] != nil
  }

  var description: String {
    var text = "\(status)"
    if !message.isEmpty { text += " \(message)" }
    if code != 0 { text += " (\(code))" }
    return fields.isEmpty ? text : text + "; " + fields.prefix(Self.fieldsMax).joined(separator: "; ")
  }

  private static func fields(_ json: JSON, _ path: String) -> [String] {
    guard let object = json.objectValue else { return [] }
    if let list = object["_errors"]?.arrayValue { return list.map { "\(path): \($0["message"]?.stringValue ?? "?")" } }
    return object.flatMap { fields($0.value, path.isEmpty ? $0.key : "\(path).\($0.key)") }
  }
}
