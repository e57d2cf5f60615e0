internal import Envelope
internal import YAML

/// A value of a manifest that is being read: where it stands, what it is called, and where to say that it is wrong.
///
/// Readers return nil after they have reported; whoever reads on with a default need not look, since one report fails
/// the whole.
struct ManifestValue {
  let node: YAMLNode
  /// The way to it, such as `plugins.echo.limits.memory`.
  let name: String
  let file: String
  let diagnostics: Diagnostics

  var location: SourceLocation { SourceLocation(file: file, mark: node.mark) }

  func report(_ message: String, at location: SourceLocation? = nil) {
    diagnostics.report(location ?? self.location, name.isEmpty ? message : "\(name): \(message)")
  }

  /// Reports what was expected, and quotes what stands there.
  func mismatch(_ expected: String) {
    report("expected \(expected), found \(found)")
  }

  func child(_ node: YAMLNode, _ name: String) -> ManifestValue {
    ManifestValue(node: node, name: name, file: file, diagnostics: diagnostics)
  }

  /// What stands there, in few words.
  var found: String {
    switch node.content {
    case .sequence: return "a list"
    case .mapping: return "a mapping"
    case .scalar(let scalar):
      if scalar.value == .null { return "nothing" }
      // A long text would hide the message that it is quoted in.
      let shown = scalar.text.count > 60 ? scalar.text.prefix(60) + "…" : scalar.text[...]
      return scalar.value == .string ? "\"\(shown)\"" : String(shown)
    }
  }

  var isNull: Bool {
    guard case .scalar(let scalar) = node.content else { return false }
    return scalar.value == .null
  }

  /// The text of a scalar of whichever type, or nil, without a report.
  var plainText: String? {
    guard case .scalar(let scalar) = node.content, scalar.value != .null else { return nil }
    return scalar.text
  }
}

// MARK: - Structure

extension ManifestValue {
  /// Reads a mapping of known keys; keys that nobody asked for are reported.
  func fields<Result>(_ read: (ManifestFields) -> Result) -> Result? {
    guard case .mapping(let entries) = node.content else {
      mismatch("a mapping")
      return nil
    }
    let fields = ManifestFields(of: self, entries)
    let result = read(fields)
    fields.reportUnknown()
    return result
  }

  /// Reads a mapping whose keys are the writer's own.
  func entries<Element>(_ read: (_ key: ManifestValue, _ value: ManifestValue) -> Element?) -> [Element] {
    guard case .mapping(let entries) = node.content else {
      mismatch("a mapping")
      return []
    }
    return entries.compactMap { entry in
      let key = YAMLNode(.scalar(YAMLScalar(entry.key, isPlain: false)), at: entry.keyMark)
      let name = self.name.isEmpty ? entry.key : "\(self.name).\(entry.key)"
      return read(child(key, name), child(entry.value, name))
    }
  }

  func list<Element>(_ read: (ManifestValue) -> Element?) -> [Element] {
    guard case .sequence(let nodes) = node.content else {
      mismatch("a list")
      return []
    }
    return nodes.enumerated().compactMap { index, node in read(child(node, "\(name)[\(index)]")) }
  }
}

// MARK: - Scalars

extension ManifestValue {
  /// Reads a text that is not empty.
  func text() -> String? {
    guard case .scalar(let scalar) = node.content, scalar.value == .string, !scalar.text.isEmpty else {
      mismatch("a text")
      return nil
    }
    return scalar.text
  }

  func flag() -> Bool? {
    guard case .scalar(let scalar) = node.content, case .bool(let flag) = scalar.value else {
      mismatch("true or false")
      return nil
    }
    return flag
  }

  func integer(in range: ClosedRange<Int>) -> Int? {
    guard case .scalar(let scalar) = node.content, case .int(let value) = scalar.value,
      let integer = Int(exactly: value), range.contains(integer)
    else {
      mismatch("an integer from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return integer
  }

  /// Reads one case of an enum by its name.
  func choice<Choice: CaseIterable>(_ type: Choice.Type = Choice.self) -> Choice? {
    if let text = plainText, let choice = Choice.allCases.first(where: { "\($0)" == text }) { return choice }
    mismatch(Choice.allCases.map { "\($0)" }.spelledOut("or"))
    return nil
  }

  /// Reads a duration such as `250ms`, `5s`, `10m`, `24h` or `7d`.
  func duration(in range: ClosedRange<Duration>) -> Duration? {
    guard let text = plainText, let duration = Duration(manifest: text), range.contains(duration) else {
      mismatch("a duration from \(range.lowerBound.manifestText) to \(range.upperBound.manifestText), as 5s")
      return nil
    }
    return duration
  }

  /// Reads a number of bytes such as `64MiB` or `4096`.
  func bytes(in range: ClosedRange<Int>) -> Int? {
    guard let text = plainText, let bytes = ByteCount.parse(text), range.contains(bytes) else {
      let bounds = "\(ByteCount.text(range.lowerBound)) to \(ByteCount.text(range.upperBound))"
      mismatch("a number of bytes from \(bounds), as 64MiB")
      return nil
    }
    return bytes
  }

  /// Reads a text that `parse` understands; its error is reported.
  func parsed<Value>(_ parse: (String) throws -> Value) -> Value? {
    guard let text = text() else { return nil }
    do {
      return try parse(text)
    } catch {
      report("\(error)")
      return nil
    }
  }

  /// Reads a name as ids, providers and tenants are written: `[a-z0-9][a-z0-9_-]*`, at most 63 characters.
  func token() -> String? {
    guard let text = plainText, Self.isToken(text) else {
      mismatch("a name of lower-case letters, digits, - and _")
      return nil
    }
    return text
  }

  static func isToken(_ text: some StringProtocol) -> Bool {
    func isLetterOrDigit(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    guard let first = text.utf8.first, isLetterOrDigit(first), text.utf8.count <= 63 else { return false }
    return text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
  }
}
