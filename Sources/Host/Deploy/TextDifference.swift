package import Envelope

/// The lines by which two texts differ, with a few around them.
package struct TextDifference: Sendable {
  package enum Mark: String, Sendable {
    case same = " "
    case removed = "-"
    case added = "+"
    /// Lines that are left out.
    case gap = "@"
  }

  package struct Line: Sendable, Hashable {
    package var mark: Mark
    package var text: String
  }

  package let lines: [Line]

  /// The lines around a difference that say where it is.
  private static let context = 3

  /// Compares two documents, an object's member a line.
  package init(from old: JSON, to new: JSON) {
    func lines(_ json: JSON) -> [Substring] {
      String(decoding: json.bytes(pretty: true), as: UTF8.self).split(separator: "\n")
    }
    self.init(from: lines(old), to: lines(new))
  }

  init(from old: [Substring], to new: [Substring]) {
    let all = Self.all(from: old, to: new)
    var near = [Bool](repeating: false, count: all.count)
    for (index, line) in all.enumerated() where line.mark != .same {
      for around in max(0, index - Self.context)...min(all.count - 1, index + Self.context) { near[around] = true }
    }
    var lines: [Line] = []
    for (index, line) in all.enumerated() {
      if near[index] {
        lines.append(line)
      } else if !lines.isEmpty, lines.last?.mark != .gap, near[index...].contains(true) {
        lines.append(Line(mark: .gap, text: ""))
      }
    }
    self.lines = lines
  }

  private static func all(from old: [Substring], to new: [Substring]) -> [Line] {
    var removed: Set<Int> = []
    var added: Set<Int> = []
    for change in new.difference(from: old) {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): added.insert(offset)
      }
    }
    var lines: [Line] = []
    var (mine, theirs) = (0, 0)
    while mine < old.count || theirs < new.count {
      if mine < old.count, removed.contains(mine) {
        lines.append(Line(mark: .removed, text: String(old[mine])))
        mine += 1
      } else if theirs < new.count, added.contains(theirs) {
        lines.append(Line(mark: .added, text: String(new[theirs])))
        theirs += 1
      } else {
        lines.append(Line(mark: .same, text: String(new[theirs])))
        (mine, theirs) = (mine + 1, theirs + 1)
      }
    }
    return lines
  }
}
