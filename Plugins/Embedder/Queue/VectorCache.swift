/// What was made of what came lately, of which some comes again: vectors, and what is wrong with the others.
///
/// There are two halves: what is found or added goes to the young one, and when that is full it becomes the old one, whose
/// place it takes. So what was used lately stays, and nothing is kept in order.
struct VectorCache {
  private let half: Int
  private var young: [SubjectKey: Made] = [:]
  private var old: [SubjectKey: Made] = [:]

  /// Keeps what was made of so many subjects at most.
  init(_ count: Int) {
    half = count / 2
  }

  var count: Int { young.count + old.count }

  mutating func made(_ key: SubjectKey) -> Made? {
    if let made = young[key] { return made }
    guard let made = old.removeValue(forKey: key) else { return nil }
    add(made, for: key)
    return made
  }

  mutating func add(_ made: Made, for key: SubjectKey) {
    guard half > 0 else { return }
    if young.count >= half {
      old = young
      young = [:]
    }
    young[key] = made
  }
}
