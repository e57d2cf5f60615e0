import Envelope
import TestSupport
import Testing

@Suite("Writing JSON")
struct JSONWritingTests {
  private let value: JSON = ["b": [1, -2.5, nil, true], "a": ["x": "é\"\\\n\u{1}\u{7F}/"], "empty": [[:], []]]

  @Test func `a value is written in one line, its keys in order`() {
    #expect(
      value.text
        == #"{"b":[1,-2.5,null,true],"a":{"x":"é\"\\\n\u0001"# + "\u{7F}" + #"/"},"empty":[{},[]]}"#
    )
    #expect("\(value)" == value.text)
  }

  @Test func `a value is written in indented lines`() throws {
    let pretty = String(decoding: value.bytes(pretty: true), as: UTF8.self)
    #expect(
      pretty == """
        {
          "b": [
            1,
            -2.5,
            null,
            true
          ],
          "a": {
            "x": "é\\"\\\\\\n\\u0001\u{7F}/"
          },
          "empty": [
            {},
            []
          ]
        }
        """
    )
    #expect(try JSON.parse(pretty) == value)
  }

  @Test func `every character comes back`() throws {
    var all = String.UnicodeScalarView()
    for value in UInt32(0)...0x2FFF {
      if let scalar = Unicode.Scalar(value) { all.append(scalar) }
    }
    let text = String(all)
    let back = try JSON.parse(JSON.string(text).bytes()).stringValue
    #expect(back?.utf8.elementsEqual(text.utf8) == true)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `any value comes back`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    for _ in 0..<200 {
      let value = random.json()
      #expect(try JSON.parse(value.bytes()) == value)
      #expect(try JSON.parse(value.bytes(pretty: true)) == value)
      #expect(try JSON.parse(value.bytes()).bytes() == value.bytes())
    }
  }
}

@Suite("JSON objects")
struct JSONObjectTests {
  @Test(arguments: [3, 16, 17, 18, 100])
  func `members are found, replaced and removed, few or many`(count: Int) {
    var object = JSONObject((0..<count).map { ("k\($0)", .int(Int64($0))) })
    #expect(object.keys == (0..<count).map { "k\($0)" })
    #expect(object["k\(count - 1)"] == .int(Int64(count - 1)))
    #expect(object["k\(count)"] == nil)

    object["k1"] = "new"
    #expect(object.keys[1] == "k1")
    #expect(object["k1"] == "new")

    object["k0"] = nil
    object["absent"] = nil
    #expect(object.count == count - 1)
    #expect(object["k0"] == nil)
    #expect(object["k2"] == 2)

    object["k0"] = 0
    #expect(object.keys.last == "k0")
    #expect(object.map(\.key) == object.keys)
  }

  @Test func `objects are equal whatever the order`() throws {
    let one: JSON = ["a": 1, "b": [2]]
    let other: JSON = ["b": [2], "a": 1]
    #expect(one == other)
    #expect(one.hashValue == other.hashValue)
    #expect(one != ["a": 1])
    #expect(one != ["a": 1, "b": [3]])
    #expect(one != ["a": 1, "c": [2]])
  }

  @Test func `a value is asked for by its kind`() {
    let value: JSON = ["s": "x", "i": 1, "b": true, "a": [nil], "n": nil]
    #expect(value["s"]?.stringValue == "x")
    #expect(value["i"]?.intValue == 1)
    #expect(value["b"]?.boolValue == true)
    #expect(value["a"]?.arrayValue == [nil])
    #expect(value["n"]?.isNull == true)
    #expect(value["absent"] == nil)
    #expect(value["s"]?["x"] == nil)
    #expect(value["s"]?.intValue == nil)
    #expect(value["i"]?.stringValue == nil)
    #expect(value.objectValue?.count == 5)
  }

  @Test(
    arguments: [
      (nil, "null"), (true, "boolean true"), (1, "integer 1"), (1.5, "number 1.5"), ("x", "string \"x\""),
      ("a\nb", "string \"a\\nb\""), ([], "empty array"), ([1], "array"), ([:], "empty object"), (["a": 1], "object"),
    ] as [(JSON, String)]
  )
  func `a value says in short what it is`(value: JSON, summary: String) {
    #expect(value.summary == summary)
  }

  @Test func `what it says of long text is short`() {
    #expect(JSON.string(String(repeating: "x", count: 1000)).summary.count < 60)
  }
}
