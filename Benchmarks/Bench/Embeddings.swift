internal import Envelope
internal import Glibc
internal import Host
internal import Transformer

/// How many vectors of texts are made in a second, next to ONNX Runtime, and to sentence-transformers where it is
/// installed, with the same weights and as many threads.
///
/// Texts are random tokens of exactly one length, the same for all. All have their turns one after the other, since a
/// machine is not as fast at one moment as at the next, and what counts is the middle of what each of ours is of the
/// other's just before.
enum Embeddings {
  private static let turns = 9
  /// Seconds of a turn, but for a batch that is under way then.
  private static let turnSeconds = 0.4
  /// How near the others' vectors must be to ours, as a cosine: nearer than those of any other text, and farther than
  /// what single precision loses.
  private static let cosineMin: Float = 0.9999
  private static let batch = 32

  /// What is measured.
  private struct Cell {
    /// Tokens of each text.
    let length: Int
    /// Texts at once, of each of the callers.
    let texts: Int
    /// How many ask at once.
    let callers: Int
    let name: String
    let note: String
  }

  static func measure(in directory: WorkDirectory, into report: inout Report) throws {
    let path = "\(directory.build)/../var/data/embedder/models/all-MiniLM-L6-v2"
    guard unsafe access("\(path)/model.safetensors", R_OK) == 0 else {
      return print("no model to measure embeddings with: not in \(path); scripts/setup --models installs it")
    }
    let threads = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let model = try TransformerModel(directory: path, team: TransformerTeam(threads: threads))
    let pool = try EmbeddingPool(model, callers: threads)
    let peers = try EmbeddingPeer.all(model: path, digest: model.digest, threads: threads, in: directory)
    var random = SplitMix(state: 1)
    for length in [32, 128] {
      let texts = (0..<batch).map { _ in
        (0..<length).map { _ in UInt32.random(in: 0..<UInt32(model.vocabularyCount), using: &random) }
      }
      for cell in cells(length, threads: threads) {
        try measure(cell, Array(texts.prefix(cell.texts)), pool, peers, into: &report)
      }
    }
  }

  private static func cells(_ length: Int, threads: Int) -> [Cell] {
    let both = "\(threads) threads each"
    return [
      Cell(length: length, texts: 1, callers: 1, name: "alone", note: "one text at a time, \(both)"),
      Cell(length: length, texts: 1, callers: threads, name: "1", note: "\(threads) at a time, a thread for each"),
      Cell(length: length, texts: batch, callers: 1, name: "\(batch)", note: "\(batch) together, \(both)"),
    ]
  }

  private static func measure(
    _ cell: Cell,
    _ texts: [[UInt32]],
    _ pool: EmbeddingPool,
    _ peers: [EmbeddingPeer],
    into report: inout Report
  ) throws {
    var ours: [Double] = []
    var ratios = peers.map { _ in [Double]() }
    let expected = try pool.vector(of: texts[0])
    for _ in 0..<turns {
      let theirs = try peers.map { peer in
        let answer = try peer.turn(texts, callers: cell.callers, seconds: turnSeconds)
        let cosine = zip(expected, answer.first).reduce(0) { $0 + $1.0 * $1.1 }
        guard cosine > cosineMin else {
          throw BenchError("\(peer.name): expected a cosine above \(cosineMin), found \(cosine)")
        }
        return answer.rate
      }
      let own = try pool.turn(texts, callers: cell.callers, seconds: turnSeconds)
      ours.append(own)
      for (index, rate) in theirs.enumerated() { ratios[index].append(own / rate) }
    }
    let value = middle(ours)
    let name = "embed.\(cell.name).\(cell.length)"
    if peers.isEmpty { report.add(.init(name: name, value: value, unit: "vectors/s", note: cell.note)) }
    for (index, peer) in peers.enumerated() {
      // The first is what the rows are named for.
      let row = index == 0 ? name : "\(name).\(peer.name)"
      let note = "\(cell.note); baseline: \(peer.name)"
      report.add(.init(name: row, value: value, unit: "vectors/s", baseline: value / middle(ratios[index]), note: note))
    }
  }

  private static func middle(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
