internal import PluginKit

/// What a channel holds since a wish was begun, to find out which of its parts are there.
///
/// Discord gives no nonce with a message of the past (discord.py#2451), so that a part is known by its text and its
/// author; where there is a nonce, it alone decides.
struct EarlierMessages {
  /// A message as far as it matters here.
  struct Message {
    let id: Snowflake
    let nonce: String?
    let content: String
    let author: Snowflake?
    let isBot: Bool
    let files: Int
  }

  /// The most messages of one page, and the most pages that are read.
  static let pageMax = 100
  static let pagesMax = 5

  /// In the order in which they were said.
  private(set) var messages: [Message] = []

  /// Takes one page as it came; how many messages it had, or nil if it is none.
  mutating func take(_ body: [UInt8]) -> Int? {
    guard let list = (try? JSON.parse(body))?.arrayValue else { return nil }
    messages = (messages + list.compactMap(Message.init(json:))).sorted { $0.id < $1.id }
    return list.count
  }

  /// Finds a part that is there and not another wish's, which `isTaken` says, and gives it to nobody else.
  ///
  /// The author must be `me`, or any bot while the own id is not known.
  mutating func find(
    nonce: String,
    content: String,
    files: Int,
    by me: Snowflake?,
    isTaken: (Snowflake) -> Bool
  ) -> Snowflake? {
    let content = Self.trimmed(content)
    let index = messages.firstIndex { message in
      if let other = message.nonce { return other == nonce }
      guard me == nil ? message.isBot : message.author == me, Self.trimmed(message.content) == content else {
        return false
      }
      return (!content.isEmpty || message.files == files) && !isTaken(message.id)
    }
    return index.map { messages.remove(at: $0).id }
  }

  /// Without the white space that Discord takes from both ends.
  private static func trimmed(_ text: String) -> Substring {
    let start = text[...].drop(while: \.isWhitespace)
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return start[...last]
  }
}

extension EarlierMessages.Message {
  fileprivate init?(json: JSON) {
    guard let id = json["id"]?.stringValue.flatMap({ Snowflake($0) }) else { return nil }
    self.id = id
    nonce = json["nonce"]?.stringValue ?? json["nonce"]?.intValue?.description
    content = json["content"]?.stringValue ?? ""
    author = json["author"]?["id"]?.stringValue.flatMap { Snowflake($0) }
    isBot = json["author"]?["bot"]?.boolValue ?? false
    files = json["attachments"]?.arrayValue?.count ?? 0
  }
}
