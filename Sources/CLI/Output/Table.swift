/// Rows in aligned columns under a heading.
struct Table {
  struct Column: Sendable {
    enum Alignment: Sendable {
      case left
      case right
    }

    let title: String
    let alignment: Alignment
    /// The most cells that the column takes, or nil for as many as its longest text.
    let limit: Int?

    init(_ title: String, _ alignment: Alignment = .left, limit: Int? = nil) {
      self.title = title
      self.alignment = alignment
      self.limit = limit
    }
  }

  /// One field of a row.
  struct Field: Sendable, ExpressibleByStringInterpolation {
    let text: String
    let role: Style.Role?

    init(_ text: String, _ role: Style.Role? = nil) {
      self.text = Cells.printable(text)
      self.role = role
    }

    init(stringLiteral text: String) { self.init(text) }
  }

  let columns: [Column]
  private var rows: [[Field]] = []

  init(_ columns: [Column]) { self.columns = columns }

  mutating func append(_ row: [Field]) {
    precondition(row.count == columns.count, "a row has a field for each column")
    rows.append(row)
  }

  /// The table's lines; the last column is cut where the terminal's width, if there is one, ends.
  func lines(style: Style, width: Int?) -> [String] {
    let widths = columns.indices.map { index in
      let longest = rows.map { Cells.width($0[index].text) }.max() ?? 0
      return max(Cells.width(columns[index].title), min(longest, columns[index].limit ?? .max))
    }
    let heading = columns.map { Field($0.title, .heading) }
    return ([heading] + rows).map { line($0, widths, style, width) }
  }

  private func line(_ row: [Field], _ widths: [Int], _ style: Style, _ width: Int?) -> String {
    var line = ""
    var used = 0
    for (index, field) in row.enumerated() {
      let isLast = index == row.count - 1
      var cells = widths[index]
      if isLast, let width { cells = min(cells, max(width - used, Self.leastCut)) }
      let text = Cells.cut(field.text, to: cells)
      let gap = String(repeating: " ", count: cells - Cells.width(text))
      let colored = field.role.map { style($0, text) } ?? text
      line += columns[index].alignment == .right ? gap + colored : colored + (isLast ? "" : gap)
      line += isLast ? "" : Self.separator
      used += cells + Self.separator.count
    }
    while line.last == " " { line.removeLast() }
    return line
  }

  private static let separator = "  "
  /// The cells that a cut column keeps however narrow the terminal is.
  private static let leastCut = 10
}
