/// The severity of a log record, in the numbers of OpenTelemetry.
package enum LogLevel: Int32, Sendable, Hashable, CaseIterable, Comparable, CustomStringConvertible {
  case debug = 5
  case info = 9
  case warn = 13
  case error = 17

  /// Creates the level that a severity belongs to; any number belongs to one.
  package init(severity: Int32) {
    self = Self.allCases.last { $0.rawValue <= severity } ?? .debug
  }

  /// Creates a level from its name, such as `warn`.
  package init?(name: String) {
    guard let level = Self.allCases.first(where: { $0.description == name }) else { return nil }
    self = level
  }

  package var description: String {
    switch self {
    case .debug: "debug"
    case .info: "info"
    case .warn: "warn"
    case .error: "error"
    }
  }

  package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}
