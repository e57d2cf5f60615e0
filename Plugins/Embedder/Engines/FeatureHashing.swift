/// Vectors by counting: each word and each run of a few letters within it adds to one of the numbers, which a hash
/// chooses.
///
/// It knows nothing of meaning, only which texts share words and parts of words. It needs no model, and makes the same
/// vector of a text on every machine.
struct FeatureHashing: TextEngine {
  /// As many as the models have that it stands in for.
  static let dimensionDefault = 384
  /// Letters of the runs, and a word's own beginning and end among them.
  private static let runs = 3...5
  /// How much a whole word weighs more than a run.
  private static let wordWeight: Float = 4
  /// Characters of a text that are read: what a model with 256 tokens reads, and more.
  private static let charactersMax = 4_096
  /// Characters of a word that are cut into runs.
  private static let wordMax = 64

  let dimension = dimensionDefault
  let version = "1"
  /// Of the rules, which are all that there is of a model; changed with them.
  let checksum = "rules:1"

  func makeWorker() throws(EmbedderError) -> any TextWorker { Worker(dimension: dimension) }

  private final class Worker: TextWorker {
    private let dimension: Int

    init(dimension: Int) {
      self.dimension = dimension
    }

    func vectors(of texts: [String]) throws(EmbedderError) -> [[Float]] {
      texts.map { FeatureHashing.vector($0, dimension) }
    }
  }

  private static func vector(_ text: String, _ dimension: Int) -> [Float] {
    var sums = [Float](repeating: 0, count: dimension)
    // Each text has this, so that one without words has a direction too.
    add([], 1, to: &sums)
    for word in words(of: text) {
      add(word, wordWeight, to: &sums)
      let marked = [boundary] + word.prefix(wordMax) + [boundary]
      for length in runs where length <= marked.count {
        for start in 0...(marked.count - length) { add(marked[start..<start + length], 1, to: &sums) }
      }
    }
    // What comes often counts for more, but not as much more: whole numbers until here, so the order is nothing's matter.
    for index in sums.indices {
      let size = abs(sums[index]).squareRoot()
      sums[index] = sums[index] < 0 ? -size : size
    }
    let length = sums.reduce(0) { $0 + $1 * $1 }.squareRoot()
    // All may have cancelled each other out.
    guard length > 0 else { return [1] + Array(repeating: 0, count: dimension - 1) }
    return sums.map { $0 / length }
  }

  /// What stands at a word's ends; it is in no word.
  private static let boundary: UInt32 = 0x20

  /// The words of a text: runs of letters and digits, without case.
  private static func words(of text: String) -> [[UInt32]] {
    var words: [[UInt32]] = []
    var word: [UInt32] = []
    for scalar in text.unicodeScalars.prefix(charactersMax) {
      let properties = scalar.properties
      if scalar.isASCII ? isWord(scalar.value) : properties.isAlphabetic || properties.numericType != nil {
        word += properties.lowercaseMapping.unicodeScalars.map(\.value)
      } else if !word.isEmpty {
        words.append(word)
        word = []
      }
    }
    if !word.isEmpty { words.append(word) }
    return words
  }

  private static func isWord(_ value: UInt32) -> Bool {
    switch value {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }

  /// Adds a feature where its hash says, with the sign that it says: FNV-1a of 64 bits, and a mixing of them.
  private static func add(_ feature: some Sequence<UInt32>, _ weight: Float, to sums: inout [Float]) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for value in feature {
      for shift in stride(from: UInt32(0), to: 32, by: 8) {
        hash = (hash ^ UInt64(value >> shift & 0xFF)) &* 0x100_0000_01b3
      }
    }
    hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
    hash ^= hash >> 33
    let place = Int(hash % UInt64(sums.count))
    sums[place] += hash >> 63 == 0 ? weight : -weight
  }
}
