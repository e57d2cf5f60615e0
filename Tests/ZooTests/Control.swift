internal import Testing

/// What must go on working in every sandbox, or nobody would want one.
enum Control: String, CaseIterable, CustomTestStringConvertible {
  case read = "read_granted"
  case writeAndRename = "write_granted"
  case threads = "use_threads"
  case timers = "use_timers"
  /// Row 80: harmless.
  case systemLibrary = "load_system_library"

  var testDescription: String { rawValue }
}
