import PluginKit
import Testing

@testable import Discord

@Suite
struct GatewayMessageTests {
  private static func read(_ text: String) -> GatewayMessage? { read(Array(text.utf8)) }

  private static func read(_ bytes: [UInt8]) -> GatewayMessage? {
    var reader = JSONReader()
    return GatewayMessage(bytes, &reader)
  }

  @Test(
    arguments: [
      #"{"t":"MESSAGE_CREATE","s":42,"op":0,"d":{"content":"a \"quoted\" } ] \\","x":[1,{"y":[]}]}}"#,
      #"{"d":{"content":"a \"quoted\" } ] \\","x":[1,{"y":[]}]},"op":0,"s":42,"t":"MESSAGE_CREATE"}"#,
      " { \"t\" :\t\"MESSAGE_CREATE\" ,\n\"s\": 42 , \"op\" :0, \"other\": {\"op\": 9, \"d\": [\"}\"]}, \"d\" : "
        + #"{"content":"a \"quoted\" } ] \\","x":[1,{"y":[]}]} } "#,
    ]
  )
  func `an event's name, number and data are found wherever they stand`(text: String) throws {
    let bytes = Array(text.utf8)
    let message = try #require(Self.read(bytes))
    #expect((message.opcode, message.sequence, message.name) == (0, 42, "MESSAGE_CREATE"))
    let data = String(decoding: bytes[message.data], as: UTF8.self)
    #expect(data == #"{"content":"a \"quoted\" } ] \\","x":[1,{"y":[]}]}"#)
  }

  @Test func `what is null is not there`() throws {
    let message = try #require(Self.read(#"{"t":null,"s":null,"op":11,"d":null}"#))
    #expect((message.opcode, message.sequence, message.name) == (11, nil, nil))
    #expect(message.json(of: Array(#"{"t":null,"s":null,"op":11,"d":null}"#.utf8)) == .null)
  }

  @Test func `numbers are read up to the largest and no further`() {
    #expect(Self.read(#"{"op":0,"s":9223372036854775807}"#)?.sequence == .max)
    #expect(Self.read(#"{"op":0,"s":9223372036854775808}"#)?.sequence == nil)
    #expect(Self.read(#"{"op":0,"s":-1}"#)?.sequence == nil)
    #expect(Self.read(#"{"op":9223372036854775808}"#) == nil)
  }

  @Test func `a message that is cut off anywhere is none`() {
    let whole = Array(#"{"t":"READY","s":1,"op":0,"d":{"session_id":"a\\","list":[1,2,{"x":null}]}}"#.utf8)
    #expect(Self.read(whole) != nil)
    for count in 0..<whole.count { #expect(Self.read(Array(whole[..<count])) == nil, "\(count)") }
  }

  @Test func `no byte that is changed breaks the reader`() {
    let whole = Array(#"{"t":"READY","s":1,"op":0,"d":{"session_id":"a\\","list":[1,2,{"x":null}]}}"#.utf8)
    for index in whole.indices {
      for byte in 0...UInt8.max {
        var changed = whole
        changed[index] = byte
        guard let message = Self.read(changed) else { continue }
        #expect(message.data.upperBound <= changed.count)
        _ = message.texts(["session_id"], of: changed)
        _ = message.json(of: changed)
      }
    }
  }

  @Test func `of large data only the texts that are asked for are read`() throws {
    let bytes = Array(#"{"op":0,"d":{"guilds":[{"session_id":"no"}],"session_id":"y\u00e9s","v":10,"x":7}}"#.utf8)
    let message = try #require(Self.read(bytes))
    #expect(message.texts(["session_id", "x", "missing"], of: bytes) == ["session_id": "yés"])
  }

  @Test func `elements of a list are found`() {
    func elements(_ text: String) -> [String]? {
      let bytes = Array(text.utf8)
      var found: [String] = []
      let isList = JSONOutline.elements(of: bytes, in: 0..<bytes.count) {
        found.append(String(decoding: bytes[$0], as: UTF8.self))
      }
      return isList ? found : nil
    }
    #expect(elements("[]") == [])
    #expect(
      elements(#" [ {"a":"]"} , [1,[2]], "x,y" ,null,-1.5e3 ] "#) == [
        #"{"a":"]"}"#, "[1,[2]]", #""x,y""#, "null", "-1.5e3",
      ]
    )
    for broken in ["", "[", "[1", "[1,", "[1,]", "[1 2]", "[1]]", "{}", "[,]"] {
      #expect(elements(broken) == nil, "\(broken)")
    }
  }
}
