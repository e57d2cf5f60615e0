import Envelope
import TestSupport
import Testing

@Suite("Reading JSON")
struct JSONParsingTests {
  @Test(
    arguments: [
      ("null", nil), ("true", true), ("false", false), ("0", 0), ("-1", -1), ("\"\"", ""), ("[]", []), ("{}", [:]),
      (" \t\r\n[ 1 , 2 ]\n", [1, 2]), ("{ \"a\" : { \"b\" : [ null ] } }", ["a": ["b": [nil]]]),
      ("{\"\":1}", ["": 1]), ("[[],[[]],{}]", [[], [[]], [:]]), ("[\"a\",\"b\"]", ["a", "b"]),
      ("\"\u{7F}\u{2028}\u{FFFE}\"", "\u{7F}\u{2028}\u{FFFE}"),
    ] as [(String, JSON)]
  )
  func `a document says its value`(text: String, value: JSON) throws {
    #expect(try JSON.parse(text) == value)
    #expect(try JSON.parse(text.utf8) == value)
  }

  @Test(arguments: [
    ("\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\u{8}\u{C}\n\r\t"), ("\\u0041\\u00e9\\u65E5", "Aé日"), ("\\u0000", "\u{0}"),
    ("\\ud83e\\uDD86", "🦆"), ("x\\ud800\\udc00y", "x\u{10000}y"), ("\\udbff\\udfff", "\u{10FFFF}"),
    ("é\\né", "é\né"), ("\\uFEFF", "\u{FEFF}"), ("\\\\u0041", "\\u0041"),
  ])
  func `an escape is the character it stands for`(escaped: String, text: String) throws {
    #expect(try JSON.parse("\"\(escaped)\"") == .string(text))
    #expect(try JSON.parse("{\"\(escaped)\":1}").objectValue?.keys == [text])
  }

  @Test(arguments: [
    ("", 1, 1, "expected a value, found the end"), (" ", 1, 2, "expected a value, found the end"),
    ("nul", 1, 1, "expected a value, found 'n'"), ("nulL", 1, 1, "expected a value, found 'n'"),
    ("True", 1, 1, "expected a value, found 'T'"), ("nullx", 1, 5, "expected the end, found 'x'"),
    ("1 2", 1, 3, "expected the end, found '2'"), ("[1]]", 1, 4, "expected the end, found ']'"),
    ("\u{FEFF}{}", 1, 1, "expected a value, found a byte order mark"), ("\u{A0}1", 1, 1, "found byte 0xC2"),
    ("NaN", 1, 1, "found 'N'"), ("Infinity", 1, 1, "found 'I'"), ("'a'", 1, 1, "found '''"),
    ("// a\n1", 1, 1, "found '/'"),
    ("[", 1, 2, "expected a value, found the end"), ("[1", 1, 3, "expected ',' or ']', found the end"),
    ("[1,]", 1, 4, "expected a value, found ']'"), ("[,1]", 1, 2, "expected a value, found ','"),
    ("[1 2]", 1, 4, "expected ',' or ']', found '2'"), ("[1}", 1, 3, "expected ',' or ']', found '}'"),
    ("]", 1, 1, "found ']'"), ("{", 1, 2, "expected a key in quotes, found the end"),
    ("{a:1}", 1, 2, "expected a key in quotes, found 'a'"), ("{1:1}", 1, 2, "expected a key in quotes, found '1'"),
    ("{\"a\"}", 1, 5, "expected ':' after a key, found '}'"),
    ("{\"a\" 1}", 1, 6, "expected ':' after a key, found '1'"),
    ("{\"a\":}", 1, 6, "expected a value, found '}'"), ("{\"a\":1,}", 1, 8, "expected a key in quotes, found '}'"),
    ("{\"a\":1 \"b\":2}", 1, 8, "expected ',' or '}', found '\"'"),
    ("{,}", 1, 2, "expected a key in quotes, found ','"),
    ("\"a", 1, 1, "expected '\"' to end the string, found the end"), ("\"", 1, 1, "expected '\"' to end"),
    ("\"a\\", 1, 4, "expected an escape after '\\', found the end"), ("\"\\x\"", 1, 3, "after '\\', found 'x'"),
    ("\"\\\"", 1, 1, "expected '\"' to end"), ("\"\\u12\"", 1, 6, "expected 4 hex digits after '\\u', found '\"'"),
    ("\"\\u12g4\"", 1, 6, "found 'g'"), ("\"\\U0041\"", 1, 3, "found 'U'"),
    ("\"\\ud800\"", 1, 2, "half of one"), ("\"\\udc00\"", 1, 2, "half of one"), ("\"a\\ud800b\"", 1, 3, "half of one"),
    ("\"\\ud800\\n\"", 1, 2, "half of one"), ("\"\\ud800\\ud800\"", 1, 2, "half of one"),
    ("\"\\ud800\\u0041\"", 1, 2, "half of one"), ("\"\\udc00\\ud800\"", 1, 2, "half of one"),
    ("\"a\nb\"", 1, 3, "control character to be escaped, found byte 0xA"),
    ("\"a\tb\"", 1, 3, "control character to be escaped, found byte 0x9"),
    ("\"\u{0}\"", 1, 2, "control character to be escaped, found byte 0x0"),
    ("{\"a\":1,\"b\":2,\"a\":3}", 1, 14, "expected each key once, found string \"a\" again"),
    ("{\"a\":1,\"\\u0061\":3}", 1, 8, "expected each key once, found string \"a\" again"),
    ("{\n  \"a\": tru\n}", 2, 8, "expected a value, found 't'"), ("[1,\r\n2,\r\n!]", 3, 1, "found '!'"),
    ("[\"日本é\", !]", 1, 9, "found '!'"), ("\n\n", 3, 1, "found the end"),
  ])
  func `text that is not JSON is refused at its place`(text: String, line: Int, column: Int, message: String) {
    let error = #expect(throws: JSONError.self) { try JSON.parse(text) }
    #expect(error?.line == line)
    #expect(error?.column == column)
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    #expect(error?.description.hasPrefix("\(line):\(column): ") == true)
  }

  @Test(
    arguments: [
      ("a continuation alone", [0x80], 2), ("a lead alone", [0xC3], 2), ("an overlong slash", [0xC0, 0xAF], 2),
      ("an overlong form of three", [0xE0, 0x80, 0xAF], 2), ("a surrogate", [0xED, 0xA0, 0x80], 2),
      ("past the last", [0xF4, 0x90, 0x80, 0x80], 2), ("never a byte", [0xFF], 2),
      ("after good ones", [0x61, 0xC3, 0xA9, 0xFE], 4),
    ] as [(String, [UInt8], Int)]
  )
  func `bytes that are not UTF-8 are refused`(what: String, bytes: [UInt8], column: Int) {
    let quote = [UInt8(ascii: "\"")]
    for document in [quote + bytes + quote, quote + bytes + Array("\\n\"".utf8)] {
      let error = #expect(throws: JSONError.self) { try JSON.parse(document) }
      #expect(error?.message == "expected UTF-8, found other bytes")
      #expect(error?.column == column)
    }
    #expect(throws: JSONError.self) { try JSON.parse([UInt8(ascii: "{")] + quote + bytes + quote + Array(":1}".utf8)) }
    #expect(throws: JSONError.self) { try JSON.parse(bytes) }
  }

  @Test func `the limit of depth is exact`() throws {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      func nested(_ depth: Int) -> String {
        String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
      }
      #expect(try JSON.parse(nested(JSON.depthMax)).text == nested(JSON.depthMax))
      let error = #expect(throws: JSONError.self) { try JSON.parse(nested(JSON.depthMax + 1)) }
      #expect(error?.message == "expected at most 64 levels, found more")
      #expect(throws: JSONError.self) { try JSON.parse(String(repeating: open, count: 1_000_000)) }
    }
    let siblings = "[" + Array(repeating: "[]", count: 1000).joined(separator: ",") + "]"
    #expect(try JSON.parse(siblings).arrayValue?.count == 1000)
  }

  @Test func `a document cut anywhere is refused`() throws {
    let bytes = Array("{\"a\":[1.5e-3,true,null,{\"é\":\"\\ud83e\\udd86日\\n\"}],\"b\":\"\"}".utf8)
    #expect(try JSON.parse(bytes).objectValue?.count == 2)
    for size in bytes.indices {
      #expect(throws: JSONError.self) { try JSON.parse(Array(bytes[..<size])) }
    }
  }

  @Test func `an object of many keys is read in the time of its size`() throws {
    let members = (0..<50_000).map { "\"key\($0)\":\($0)" }
    let object = try JSON.parse("{" + members.joined(separator: ",") + "}")
    #expect(object["key49999"] == 49999)
    #expect(throws: JSONError.self) { try JSON.parse("{" + members.joined(separator: ",") + ",\"key7\":1}") }
  }

  @Test(arguments: 0..<10 as Range<UInt64>)
  func `garbage is refused or says what it says when written again`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let pieces = [
      "{", "}", "[", "]", ",", ":", "\"", "\\", "u12", "0", "1", "-", ".", "e", "t", "true", "null", " ", "é",
    ]
    for _ in 0..<2_000 {
      let text = (0..<Int.random(in: 1...10, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
      if let value = try? JSON.parse(text.joined()) { #expect(try JSON.parse(value.bytes()) == value) }
    }
  }
}
