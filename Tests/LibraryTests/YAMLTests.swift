import Testing
import YAML

@Suite struct YAMLTests {
  @Test func `a text becomes nodes that know where they stand`() throws {
    let root = try YAMLNode.parse(
      """
      name: echo   # the plugin
      list: [1, "2"]
      nested:
        - key: |
            two
            lines
      """
    )
    guard case .mapping(let entries) = root.content else { throw Unexpected() }
    #expect(entries.map(\.key) == ["name", "list", "nested"])
    #expect(entries.map(\.keyMark.line) == [1, 2, 3])
    #expect(entries[0].value == YAMLNode(.scalar(YAMLScalar("echo", isPlain: true)), at: YAMLMark(line: 1, column: 7)))
    guard case .sequence(let list) = entries[1].value.content else { throw Unexpected() }
    #expect(list[0] == YAMLNode(.scalar(YAMLScalar("1", isPlain: true)), at: YAMLMark(line: 2, column: 8)))
    #expect(list[1] == YAMLNode(.scalar(YAMLScalar("2", isPlain: false)), at: YAMLMark(line: 2, column: 11)))
    guard case .sequence(let nested) = entries[2].value.content, case .mapping(let inner) = nested[0].content
    else { throw Unexpected() }
    #expect(inner[0].value.content == .scalar(YAMLScalar("two\nlines", isPlain: false)))
    #expect(inner[0].value.mark == YAMLMark(line: 4, column: 10))
  }

  @Test func `columns count characters, not bytes`() throws {
    guard case .sequence(let list) = try YAMLNode.parse("[żółw, b]").content else { throw Unexpected() }
    #expect(list[1].mark == YAMLMark(line: 1, column: 8))
  }

  @Test(
    arguments: [
      ("", .null), ("~", .null), ("null", .null), ("true", .bool(true)), ("FALSE", .bool(false)), ("0", .int(0)),
      ("-12", .int(-12)), ("+7", .int(7)), ("0777", .int(777)), ("0o17", .int(15)), ("0xfF", .int(255)),
      ("9223372036854775807", .int(.max)), ("9223372036854775808", .double(9_223_372_036_854_775_808)),
      ("1.5", .double(1.5)),
      (".5", .double(0.5)), ("1.", .double(1)), ("1e3", .double(1000)), ("-.inf", .double(-.infinity)),
      ("yes", .string),
      ("no", .string), ("on", .string), ("1_000", .string), ("0x", .string), ("0x-1", .string), ("0x1p3", .string),
      (".", .string),
      ("1e", .string), ("infinity", .string), ("nan", .string), ("12:30", .string), ("1.2.3", .string),
      ("nUll", .string),
    ] as [(String, YAMLScalar.Value)]
  )
  func `a plain scalar has the type of the core schema`(text: String, value: YAMLScalar.Value) {
    #expect(YAMLScalar(text, isPlain: true).value == value)
    #expect(YAMLScalar(text, isPlain: false).value == .string)
  }

  @Test(arguments: [
    ("", "1:1: the file is empty"),
    ("# only a comment\n", "2:1: the file is empty"),
    ("a: 1\nb: 2\na: 3\n", "3:1: \"a\" stands here a second time; first in line 1"),
    ("a: {b: 1, b: 2}", "1:11: \"b\" stands here a second time; first in line 1"),
    ("a: &x 1\n", "1:4: anchors are not supported; write the value out where it is used"),
    ("a: &x [1]\n", "1:4: anchors are not supported; write the value out where it is used"),
    ("a: *x\n", "1:4: aliases are not supported; write the value out, or put a text in quotes"),
    (
      "a: [*/*]\n",
      "1:6: while scanning an alias: did not find expected alphabetic or numeric character; "
        + "a text that begins with * needs quotes"
    ),
    ("a: !!str 1\n", "1:4: tags are not supported"),
    ("a: !tag {}\n", "1:4: tags are not supported"),
    ("? [a]\n: 1\n", "1:3: a key must be a text"),
    ("~: 1\n", "1:1: a key must be a text"),
    ("a: 1\n---\nb: 2\n", "2:1: a second document begins here; a file holds one"),
    ("a: \"x\\0y\"", "1:4: a text may not contain U+0000"),
    ("a: [1, 2\nb: 3\n", "2:2: while parsing a flow sequence: did not find expected ',' or ']'"),
    ("a: 'x\n", "2:1: while scanning a quoted scalar: found unexpected end of stream"),
    ("a:\n\t- b\n", "2:1: while scanning for the next token: found character that cannot start any token"),
    ("a: b: c\n", "1:5: mapping values are not allowed in this context"),
  ])
  func `a broken text is refused with its place`(text: String, message: String) {
    #expect(throws: YAMLError.self) { try YAMLNode.parse(text) }
    do { _ = try YAMLNode.parse(text) } catch { #expect(error.description == message) }
  }

  @Test func `bytes that are not UTF-8 are refused with their place`() {
    let error = #expect(throws: YAMLError.self) { try YAMLNode.parse(Array("a: 1\nżb: ".utf8) + [0xFF, 0x0A]) }
    #expect(error?.description == "2:5: invalid leading UTF-8 octet")
    let control = #expect(throws: YAMLError.self) { try YAMLNode.parse("a: 1\nb: \u{7}\n") }
    #expect(control?.description == "2:4: control characters are not allowed")
  }

  @Test func `size, depth and number of values are bounded`() {
    let limits = YAMLLimits(bytes: 200, depth: 3, nodes: 10)
    #expect(throws: Never.self) { try YAMLNode.parse("[[[1]]]", limits: limits) }
    let deep = #expect(throws: YAMLError.self) { try YAMLNode.parse("[[[[1]]]]", limits: limits) }
    #expect(deep?.description == "1:4: nested deeper than 3 levels")
    let many = #expect(throws: YAMLError.self) { try YAMLNode.parse("[1, 2, 3, 4, 5, 6, 7, 8, 9, 0]", limits: limits) }
    #expect(many?.description == "1:29: the file holds more than 10 values")
    let long = #expect(throws: YAMLError.self) {
      try YAMLNode.parse(String(repeating: "#", count: 201), limits: limits)
    }
    #expect(long?.description == "1:1: the file has 201 bytes, 200 are allowed")
  }

  private struct Unexpected: Error {}
}
