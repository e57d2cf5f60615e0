/// The vectors of what came lately, of which some come again.
///
/// There are two halves: what is found or added goes to the young one, and when that is full it becomes the old one, whose
/// place it takes. So what was used lately stays, and nothing is kept in order.
struct VectorCache {
  private let half: Int
  private var young: [SubjectKey: [Float]] = [:]
  private var old: [SubjectKey: [Float]] = [:]

  /// Keeps so many vectors at most.
  init(_ count: Int) {
    half = count / 2
  }

  var count: Int { young.count + old.count }

  mutating func vector(_ key: SubjectKey) -> [Float]? {
    if let vector = young[key] { return vector }
    guard let vector = old.removeValue(forKey: key) else { return nil }
    add(vector, for: key)
    return vector
  }

  mutating func add(_ vector: [Float], for key: SubjectKey) {
    guard half > 0 else { return }
    if young.count >= half {
      old = young
      young = [:]
    }
    young[key] = vector
  }
}
