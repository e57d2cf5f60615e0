import Envelope

/// The view accepts what the parser does, save keys that stand twice, and finds the same in it.
enum JSONFuzzer {
  static func run(_ bytes: [UInt8]) throws {
    let view = try? JSONView(bytes)
    do {
      let json = try JSON.parse(bytes)
      guard let view else { throw Finding(description: "the view refuses what the parser reads: \(json)") }
      try hold(isSame(view, json), "the view finds something else than the parser: \(json)")
    } catch let error as JSONError {
      let isTwice = error.message.contains("expected each key once")
      try hold(view == nil || isTwice, "the view accepts what the parser refuses: \(error)")
    }
    for member in view?.descendants(named: JSONKeys(["a", "token"])) ?? [] {
      try hold(["a", "token"].contains(member.key), "a member of another key: \(member.key ?? "none")")
    }
  }

  private static func isSame(_ view: JSONView, _ json: JSON) -> Bool {
    let (elements, members) = (Array(view.elements), Array(view.members))
    return view.bool == json.boolValue && view.string == json.stringValue && view.int == json.intValue
      && view.double == json.doubleValue && view.isNull == json.isNull
      && elements.count == json.arrayValue?.count ?? 0 && members.count == json.objectValue?.count ?? 0
      && zip(elements, json.arrayValue ?? []).allSatisfy { isSame($0, $1) }
      && zip(members, json.objectValue ?? [:]).allSatisfy { mine, theirs in
        mine.key == theirs.key && isSame(mine.value, theirs.value) && view[mine.key]?.range == mine.value.range
      }
  }
}
