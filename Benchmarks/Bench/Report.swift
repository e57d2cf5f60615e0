internal import Envelope
internal import Glibc

/// What was measured, printed as it comes and kept for the file.
struct Report {
  /// One measurement next to what it is compared with.
  struct Row {
    let name: String
    let value: Double
    let unit: String
    /// The bare minimum, in the same unit; nil if there is nothing to compare with.
    var baseline: Double?
    /// What the budget is, and whether it was kept, for people.
    var note = ""

    var ratio: Double? { baseline.flatMap { $0 > 0 ? value / $0 : nil } }
  }

  private(set) var rows: [Row] = []

  init() {
    print(Self.line(["", "value", "", "baseline", "ratio", ""]))
  }

  subscript(name: String) -> Double? { rows.first { $0.name == name }?.value }

  mutating func add(_ row: Row) {
    rows.append(row)
    print(
      Self.line([
        row.name, Self.number(row.value), row.unit, row.baseline.map(Self.number) ?? "-",
        row.ratio.map { Self.number($0) } ?? "-", row.note,
      ])
    )
  }

  var json: JSON {
    .array(
      rows.map { row in
        [
          "name": .string(row.name), "value": .double(row.value), "unit": .string(row.unit),
          "baseline": row.baseline.map { .double($0) } ?? .null, "ratio": row.ratio.map { .double($0) } ?? .null,
        ]
      }
    )
  }

  private static func line(_ cells: [String]) -> String {
    let widths = [27, 12, 12, 12, 8, 0]
    let padded = zip(cells, widths).enumerated().map { index, cell in
      let space = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
      return index == 0 || index == 2 || index == 5 ? cell.0 + space : space + cell.0
    }
    return padded.joined(separator: "  ")
  }

  /// A number with as many digits as mean something.
  private static func number(_ value: Double) -> String {
    if value.magnitude >= 100 || value == 0 { return String(Int64(value.rounded())) }
    let scale = value.magnitude >= 10 ? 10.0 : 100.0
    return String((value * scale).rounded() / scale)
  }
}
