/// The text of a JSON value that is being written.
struct JSONWriter {
  let isPretty: Bool
  private(set) var bytes: [UInt8] = []
  private var indent = 0

  init(isPretty: Bool) {
    self.isPretty = isPretty
  }

  mutating func append(_ value: JSON) {
    switch value {
    case .null: word("null")
    case .bool(let value): word(value ? "true" : "false")
    case .int(let value): bytes += value.description.utf8
    case .double(let value): value.isFinite ? bytes += value.description.utf8 : word("null")
    case .string(let value): append(text: value)
    case .array(let values):
      list("[", "]", values) { writer, value in writer.append(value) }
    case .object(let object):
      list("{", "}", object) { writer, member in
        writer.append(text: member.key)
        writer.word(writer.isPretty ? ": " : ":")
        writer.append(member.value)
      }
    }
  }

  private mutating func word(_ text: StaticString) {
    text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
  }

  private mutating func list<List: Collection>(
    _ open: StaticString,
    _ close: StaticString,
    _ elements: List,
    _ body: (inout JSONWriter, List.Element) -> Void
  ) {
    word(open)
    indent += 1
    var isFirst = true
    for element in elements {
      if !isFirst { word(",") }
      isFirst = false
      newLine()
      body(&self, element)
    }
    indent -= 1
    if !elements.isEmpty { newLine() }
    word(close)
  }

  private mutating func newLine() {
    guard isPretty else { return }
    bytes.append(UInt8(ascii: "\n"))
    bytes += repeatElement(UInt8(ascii: " "), count: indent * 2)
  }

  private mutating func append(text: String) { bytes.appendJSON(text) }
}
