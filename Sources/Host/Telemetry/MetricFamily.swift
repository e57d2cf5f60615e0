internal import Locking

/// All time series of one name: one cell for each set of label values.
package final class MetricFamily<Cell: MetricCell>: Sendable {
  package let name: String
  package let kind: MetricKind
  private let help: String
  let labels: [String]
  private let make: @Sendable () -> Cell
  private let cells = Locked<[[String]: Cell]>([:])

  init(name: String, kind: MetricKind, help: String, labels: [String], make: @escaping @Sendable () -> Cell) {
    self.name = name
    self.kind = kind
    self.help = help
    self.labels = labels
    self.make = make
  }

  /// Finds the cell with these label values, in the order of the labels; creates it at zero if there is none.
  ///
  /// It locks: a hot path asks once and keeps the cell.
  package func with(_ values: String...) -> Cell {
    cell(values)
  }

  func cell(_ values: [String]) -> Cell {
    precondition(values.count == labels.count, "\(name) has the labels \(labels), found \(values)")
    return cells.withLock { cells in
      if let cell = cells[values] { return cell }
      let cell = make()
      cells[values] = cell
      return cell
    }
  }

  /// Forgets every cell that has this value for this label, as when an instance has gone; who still holds one may go on
  /// using it.
  package func removeAll(where label: String, is value: String) {
    guard let index = labels.firstIndex(of: label) else { return }
    cells.withLock { cells in cells = cells.filter { $0.key[index] != value } }
  }
}

/// A family whatever its cells are, as the registry holds it.
protocol AnyMetricFamily: Sendable {
  func expose(into text: inout MetricText)
  func removeAll(where label: String, is value: String)
}

extension MetricFamily: AnyMetricFamily {
  func expose(into text: inout MetricText) {
    let cells = cells.withLock { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    guard !cells.isEmpty else { return }
    text.head(name, help: help, kind: kind)
    for (values, cell) in cells {
      cell.expose(name, labels: MetricText.labels(labels, values), into: &text)
    }
  }
}
