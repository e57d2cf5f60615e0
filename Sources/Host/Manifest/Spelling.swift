extension String {
  /// The candidate that a person most likely meant, or nil if none is near.
  package func nearest(in candidates: some Sequence<String>) -> String? {
    // Two slips of the keyboard, or one in a short word: beyond that a guess misleads.
    // No key is so long; to compare one costs time that its writer should not command.
    guard utf8.count <= 64 else { return nil }
    let bound = count <= 3 ? 1 : count <= 7 ? 2 : 3
    let scored = candidates.map { (candidate: $0, distance: editDistance(to: $0)) }
    guard let best = scored.min(by: { $0.distance < $1.distance }), best.distance <= bound else { return nil }
    return best.candidate
  }

  /// How many insertions, removals, replacements and swaps of neighbours lead from one text to the other.
  func editDistance(to other: String) -> Int {
    let (from, to) = (Array(self), Array(other))
    var beforeLast: [Int] = []
    var last = Array(0...to.count)
    for row in from.indices {
      var current = [row + 1]
      for column in to.indices {
        let replaced = last[column] + (from[row] == to[column] ? 0 : 1)
        var distance = Swift.min(replaced, last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, from[row] == to[column - 1], from[row - 1] == to[column] {
          distance = Swift.min(distance, beforeLast[column - 1] + 1)
        }
        current.append(distance)
      }
      (beforeLast, last) = (last, current)
    }
    return last[to.count]
  }
}

extension Sequence<String> {
  /// The names as a sentence lists them: `a, b or c`.
  func spelledOut(_ conjunction: String) -> String {
    let names = Array(self)
    guard let last = names.last, names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " \(conjunction) " + last
  }
}
