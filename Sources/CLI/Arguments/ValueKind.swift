internal import Envelope
internal import Host

/// What a value on the command line may be: how the help names it, how a shell completes it, and how it is checked.
struct ValueKind: Sendable {
  /// What a shell offers where such a value is expected.
  enum Completion: Sendable, Hashable {
    case nothing
    case file
    case directory
    case words([String])
  }

  /// The name in usage lines, in capitals.
  let placeholder: String
  let completion: Completion
  /// What was expected instead of the text, or nil if the text is such a value.
  let complaint: @Sendable (String) -> String?

  /// Any text at all.
  static func text(_ placeholder: String) -> Self {
    Self(placeholder: placeholder, completion: .nothing) { _ in nil }
  }

  static func file(_ placeholder: String = "FILE") -> Self {
    Self(placeholder: placeholder, completion: .file) { $0.isEmpty ? "a file" : nil }
  }

  static func directory(_ placeholder: String = "DIR") -> Self {
    Self(placeholder: placeholder, completion: .directory) { $0.isEmpty ? "a directory" : nil }
  }

  /// One of a few words.
  static func choice(_ placeholder: String, _ words: [String]) -> Self {
    Self(placeholder: placeholder, completion: .words(words)) { text in
      guard !words.contains(text) else { return nil }
      let suggestion = text.nearest(in: words).map { " (did you mean \($0)?)" } ?? ""
      return "one of \(words.joined(separator: ", "))\(suggestion)"
    }
  }

  static func integer(_ placeholder: String = "N", in range: ClosedRange<Int>) -> Self {
    Self(placeholder: placeholder, completion: .nothing) { text in
      Int(text).map(range.contains) == true ? nil : "an integer from \(range.lowerBound) to \(range.upperBound)"
    }
  }

  /// A length of time, such as `500ms` or `1h30m`.
  static let duration = Self(placeholder: "DURATION", completion: .nothing) { text in
    Duration(commandLine: text) == nil ? "a duration such as 500ms, 30s, 5m, 2h or 3d" : nil
  }

  /// A point in time, such as `2h`, meaning that long ago, or an RFC 3339 time or date.
  static let instant = Self(placeholder: "WHEN", completion: .nothing) { text in
    Timestamp(commandLine: text) == nil
      ? "a time such as 2026-11-21T10:00:00Z, a date such as 2026-11-21, or how long ago, such as 2h or 3d" : nil
  }

  /// The URN of a thing of a provider's, such as an author or a space.
  static let urn = Self(placeholder: "URN", completion: .nothing) { text in
    do throws(URNError) {
      _ = try URN(text)
      return nil
    } catch {
      return "a URN such as urn:echo:user:demo:ann (\(error.reason))"
    }
  }

  /// A topic pattern, with the wildcards `*` and `>`.
  static let pattern = Self(placeholder: "PATTERN", completion: .nothing) { text in
    do throws(TopicError) {
      _ = try TopicPattern(text)
      return nil
    } catch {
      return "a topic pattern such as promethean.p.echo.t.demo.> (\(error))"
    }
  }

  /// A JSON value.
  static let json = Self(placeholder: "JSON", completion: .nothing) { text in
    do throws(JSONError) {
      _ = try JSON.parse(text)
      return nil
    } catch {
      return "JSON (\(error))"
    }
  }
}
