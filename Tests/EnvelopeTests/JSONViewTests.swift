import Envelope
import Foundation
import TestSupport
import Testing

@Suite("Viewing JSON")
struct JSONViewTests {
  @Test func `members and elements are found without reading the rest`() throws {
    let text = #" { "a" : [ 1 , "x\n" , { } , [ ] , null ] , "b" : { "a" : -2.5e1 , "c" : true } , "\u0061b" : "" } "#
    let view = try JSONView(Array(text.utf8))
    #expect(view.kind == .object)
    #expect(view["b"]?["a"]?.double == -25)
    #expect(view["b"]?["a"]?.int == -25)
    #expect(view["b"]?["c"]?.bool == true)
    #expect(view["b"]?["b"] == nil)
    #expect(view["ab"]?.string == "")
    #expect(view["c"] == nil)
    #expect(view["a"]?["a"] == nil)
    #expect(view["a"]?.elements.map(\.kind) == [.number, .string, .object, .array, .null])
    #expect(view["a"]?.elements.map(\.string) == [nil, "x\n", nil, nil, nil])
    #expect(view["a"]?.elements.map(\.isNull) == [false, false, false, false, true])
    #expect(view.members.map(\.key) == ["a", "b", "ab"])
    #expect(view.members.map(\.value.key) == ["a", "b", "ab"])
    #expect(Array(view.elements).isEmpty && Array(view["a"]?.members ?? view.members).isEmpty)
    #expect(view["b"].map { String(decoding: $0.bytes, as: UTF8.self) } == #"{ "a" : -2.5e1 , "c" : true }"#)
    #expect(view["ab"]?.plain.map(Array.init) == [])
    #expect(view["a"]?.elements.map { $0.plain == nil } == [true, true, true, true, true])
  }

  @Test func `a document in a range of bytes is viewed where it lies`() throws {
    let bytes = Array(#"{"t":"X","d":{"id":"7","deep":[[1]]}}]"#.utf8)
    let range = try #require(try JSONView(bytes, in: 0..<bytes.count - 1)["d"]?.range)
    let view = try JSONView(bytes, in: range)
    #expect(view["id"]?.string == "7")
    #expect(view.range == range)
    #expect(try JSON.parse(bytes[range]) == view.json)
    #expect(throws: JSONError.self) { try JSONView(bytes) }
    #expect(throws: JSONError.self) { try JSONView(bytes, in: 0..<0) }
  }

  @Test func `of a key that stands twice the first is found, and both are told`() throws {
    let view = try JSONView(Array(#"{"a":1,"\u0061":2,"b":{"a":3}}"#.utf8))
    #expect(view["a"]?.int == 1)
    #expect(view.members.map(\.key) == ["a", "a", "b"])
    #expect(view.descendants(named: JSONKeys(["a"])).map(\.int) == [1, 2, 3])
    #expect(view.json == nil)
  }

  @Test func `descendants are found at any depth by their keys alone`() throws {
    let view = try JSONView(Array(#"["token",{"token":[{"url":"u"}],"x":{"url":0,"urk":1}},{"":{"tokem":2}}]"#.utf8))
    #expect(view.descendants(named: JSONKeys(["token", "url"])).map(\.key) == ["token", "url", "url"])
    #expect(view.descendants(named: JSONKeys([""])).map(\.kind) == [.object])
    #expect(view.descendants(named: JSONKeys([])).isEmpty)
    #expect(try JSONView(Array("1".utf8)).descendants(named: JSONKeys([""])).isEmpty)
  }

  @Test func `a reader that was told the keys finds the same descendants, of each document and of a part of it`() throws
  {
    let keys = JSONKeys(["token", "url", ""])
    var reader = JSONReader(noting: keys)
    var random = SystemRandomNumberGenerator()
    let names = ["token", #"tok\u0065n"#, "tokem", "url", "urk", "", "a"]
    func value(_ depth: Int) -> String {
      switch depth > 3 ? 0 : Int.random(in: 0...3, using: &random) {
      case 0: return "1"
      case 1: return "[" + (0..<3).map { _ in value(depth + 1) }.joined(separator: ",") + "]"
      default:
        return "{" + names.shuffled().prefix(3).map { "\"\($0)\":\(value(depth + 1))" }.joined(separator: ",") + "}"
      }
    }
    for _ in 0..<500 {
      let bytes = Array("{\"x\":\(value(0)),\"y\":\(value(0))}".utf8)
      let (noted, plain) = (try reader.read(bytes), try JSONView(bytes))
      #expect(noted.descendants(named: keys).map(\.range) == plain.descendants(named: keys).map(\.range))
      #expect(noted["y"]?.descendants(named: keys).map(\.range) == plain["y"]?.descendants(named: keys).map(\.range))
      let others = JSONKeys(["a"])
      #expect(noted.descendants(named: others).map(\.range) == plain.descendants(named: others).map(\.range))
    }
  }

  @Test func `the limit of depth counts the levels around`() throws {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      for around in [0, 1, 10] {
        func nested(_ depth: Int) -> [UInt8] {
          Array((String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
        }
        let (most, more) = (nested(JSON.depthMax - around), nested(JSON.depthMax - around + 1))
        #expect(try JSONView(most, in: most.indices, depth: around).range == most.indices)
        let error = #expect(throws: JSONError.self) { try JSONView(more, in: more.indices, depth: around) }
        #expect(error?.message == "expected at most 64 levels, found more")
      }
    }
  }

  @Test(arguments: [
    "0", "-0", "1", "-1", "1.0", "1.5", "1e2", "1E+2", "1e-2", "999999999999999999", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "1e999", "1e308", "-", "01", "1.", ".1", "1e", "+1", "0x1", "1_0",
    "00", "-01", "1e+", "NaN",
  ])
  func `a number is what the parser says`(text: String) throws {
    try agree(Array(text.utf8))
    try agree(Array("[\(text)]".utf8))
    let digits = text + String(repeating: "0", count: 400)
    try agree(Array(digits.utf8))
  }
}

/// The view and the parser accept the same and find the same, save for keys that stand twice.
@Suite("A view agrees with the parser")
struct JSONViewAgreementTests {
  @Test(arguments: 0..<20 as Range<UInt64>)
  func `about any value, whole, cut and changed`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    for _ in 0..<15 {
      let bytes = random.json().bytes(pretty: random.chance(50))
      try agree(bytes)
      try agree(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))))
      for _ in 0..<20 {
        var changed = bytes
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: changed[place] = UInt8.random(in: 0...255, using: &random)
        case 1: changed.remove(at: place)
        default: changed.insert(Array("{}[],:\"\\u0dte1 \n".utf8).randomElement(using: &random) ?? 0, at: place)
        }
        try agree(changed)
      }
    }
  }

  @Test(arguments: 0..<10 as Range<UInt64>)
  func `about garbage`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let pieces = [
      "{", "}", "[", "]", ",", ":", "\"", "\\", "u12", "\\ud83e", "\\udd86", "\\n", "0", "1", "-", ".", "e", "t",
      "true",
      "null", " ", "é", "\"a\"", "\"a\":", "longer than eight bytes", "\u{1F}",
    ]
    for _ in 0..<1_000 {
      let text = (0..<Int.random(in: 1...12, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
      try agree(Array(text.joined().utf8))
      try agree(random.bytes(count: 0...12))
      try agree([0x22] + random.bytes(count: 0...12) + [0x22])
    }
  }

  @Test func `about what fuzzers have found`() throws {
    let corpus = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fuzz/Corpus/cloudevents")
    let inputs = try FileManager.default.contentsOfDirectory(at: corpus, includingPropertiesForKeys: nil)
    #expect(inputs.count >= 5)
    for input in inputs { try agree([UInt8](Data(contentsOf: input))) }
  }
}

/// Checks that what a view says of some bytes is what the parser says.
private func agree(_ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws {
  let text = String(decoding: bytes, as: UTF8.self)
  let json: JSON
  do { json = try JSON.parse(bytes) } catch {
    guard !error.message.contains("expected each key once") else { return }
    let refused = #expect(throws: JSONError.self, "\(text)", sourceLocation: sourceLocation) { try JSONView(bytes) }
    #expect(refused == error, "\(text)", sourceLocation: sourceLocation)
    return
  }
  let view = try JSONView(bytes)
  #expect(isSame(view, json), "\(text)", sourceLocation: sourceLocation)
}

private func isSame(_ view: JSONView, _ json: JSON) -> Bool {
  guard view.json == json, view.bool == json.boolValue, view.string == json.stringValue, view.int == json.intValue,
    view.double == json.doubleValue, view.isNull == json.isNull
  else { return false }
  let elements = Array(view.elements)
  let members = Array(view.members)
  guard elements.count == json.arrayValue?.count ?? 0, members.count == json.objectValue?.count ?? 0 else {
    return false
  }
  return zip(elements, json.arrayValue ?? []).allSatisfy { isSame($0, $1) }
    && zip(members, json.objectValue ?? [:]).allSatisfy { mine, theirs in
      // Keys that Swift takes for one are told apart by their bytes.
      mine.key == theirs.key && isSame(mine.value, theirs.value) && view[mine.key]?.range == mine.value.range
    }
}

@Suite("Writing JSON line by line")
struct JSONLineTests {
  @Test(arguments: 0..<10 as Range<UInt64>)
  func `any value is written as the writer writes it`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    for _ in 0..<100 {
      let value = random.json()
      var line = JSONLine()
      append(value, to: &line)
      #expect(line.bytes == value.bytes())
    }
  }

  @Test func `raw values are put between others unchanged, and what is nil is left out`() {
    var line = JSONLine(capacity: 10)
    line.object { line in
      line.set("a", raw: Array("{ \"x\" : [1] }".utf8)[...])
      line.set("b", nil as String?)
      line.set("c", "\"[{:")
      line.set("d", 3)
      line.key("e")
      line.array { line in
        line.append(raw: Array("1e5".utf8)[...])
        line.append(false)
        line.array { _ in }
        line.object { _ in }
      }
    }
    #expect(
      String(decoding: line.bytes, as: UTF8.self) == #"{"a":{ "x" : [1] },"c":"\"[{:","d":3,"e":[1e5,false,[],{}]}"#
    )
  }

  @Test func `numbers and moments are written whole`() {
    var line = JSONLine()
    line.object { line in
      line.set("least", Int64.min)
      line.set("zero", 0)
      line.set("most", Int64.max)
      line.set("id", quoted: UInt64.max)
      line.set("none", quoted: nil)
      line.set("first", quoted: 0)
      line.set("name", "urn:\"a\":", UInt64.max)
      line.set("time", Timestamp(nanoseconds: 1_500_000_000_123_000_000))
    }
    let numbers = #""least":-9223372036854775808,"zero":0,"most":9223372036854775807"#
    let texts =
      #""id":"18446744073709551615","first":"0","name":"urn:\"a\":18446744073709551615","time":"2017-07-14T02:40:00.123Z""#
    #expect(String(decoding: line.bytes, as: UTF8.self) == "{\(numbers),\(texts)}")
  }

  private func append(_ value: JSON, to line: inout JSONLine) {
    switch value {
    case .int(let number): line.append(number)
    case .string(let text): line.append(text)
    case .bool(let value): line.append(value)
    case .array(let values): line.array { line in for value in values { append(value, to: &line) } }
    // Keys are known when the program is built, and none of these is.
    case .null, .double, .object: line.append(raw: value.bytes()[...])
    }
  }
}
