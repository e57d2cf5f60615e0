/// A page of a channel's history, as Discord answers with it.
enum MessagePage {
  /// The messages of a page, the oldest first; nil if it is none.
  static func messages(_ body: [UInt8]) -> [(id: Snowflake, json: [UInt8])]? {
    var ranges: [Range<Int>] = []
    guard JSONOutline.elements(of: body, in: 0..<body.count, { ranges.append($0) }) else { return nil }
    var messages: [(id: Snowflake, json: [UInt8])] = []
    for range in ranges {
      var id: Snowflake?
      let isObject = JSONOutline.members(of: body, in: range) { key, value in
        guard body[key].elementsEqual("id".utf8), value.count > 2 else { return }
        id = Snowflake(String(decoding: body[value.lowerBound + 1..<value.upperBound - 1], as: UTF8.self))
      }
      guard isObject, let id else { return nil }
      messages.append((id, Array(body[range])))
    }
    return messages.sorted { $0.id < $1.id }
  }
}
