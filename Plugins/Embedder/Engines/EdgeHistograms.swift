/// Which way the edges run: for each of four by four cells, how much of them in each of eight directions.
enum EdgeHistograms {
  private static let cells = 4
  private static let directions = 8
  /// A length that is hardly seen: a few faint edges.
  private static let hardly: Float = 4

  /// How many numbers there are.
  static let count = cells * cells * directions

  /// The numbers, of length 1 or a little less, around the means of their directions: most pictures have more level and
  /// upright edges than others, and where these are says more.
  static func numbers(of light: [Int], side: Int) -> [Float] {
    var sums = [Float](repeating: 0, count: count)
    for y in 0..<side {
      for x in 0..<side {
        let across = light[y * side + min(x + 1, side - 1)] - light[y * side + max(x - 1, 0)]
        let down = light[min(y + 1, side - 1) * side + x] - light[max(y - 1, 0) * side + x]
        guard across != 0 || down != 0 else { continue }
        let size = Float(across * across + down * down).squareRoot()
        add(size, direction(across, down), x, y, side, to: &sums)
      }
    }
    // Many faint edges say as much as a strong one.
    let roots = sums.map { ($0 / Float(side)).squareRoot() }
    let means = (0..<directions).map { direction in
      (0..<cells * cells).reduce(0) { $0 + roots[$1 * directions + direction] } / Float(cells * cells)
    }
    return ImageDescriptor.scaled(roots.enumerated().map { $1 - means[$0 % directions] }, least: hardly)
  }

  /// Adds to the cells around a pixel, the nearer the more, so that nothing jumps when a picture moves a little.
  private static func add(_ size: Float, _ direction: Int, _ x: Int, _ y: Int, _ side: Int, to sums: inout [Float]) {
    for (row, high) in shares(of: y, side) {
      for (column, wide) in shares(of: x, side) {
        sums[(row * cells + column) * directions + direction] += size * high * wide
      }
    }
  }

  /// The two cells that a pixel is between, and how much it belongs to each; at the border it is one.
  private static func shares(of place: Int, _ side: Int) -> [(cell: Int, share: Float)] {
    // In halves of a pixel from the middle of the first cell, of which a cell has `width`.
    let width = 2 * side / cells
    let offset = 2 * place + 1 - width / 2
    guard offset >= 0 else { return [(0, 1)] }
    let cell = offset / width
    let rest = Float(offset % width) / Float(width)
    guard cell < cells - 1 else { return [(cells - 1, 1)] }
    return [(cell, 1 - rest), (cell + 1, rest)]
  }

  /// The direction that an edge is nearest to; the two sides of one are alike.
  private static func direction(_ across: Int, _ down: Int) -> Int {
    var best = (direction: 0, size: -1)
    for (direction, axis) in axes.enumerated() {
      let size = abs(across * axis.across + down * axis.down)
      if size > best.size { best = (direction, size) }
    }
    return best.direction
  }

  /// Eight directions of half a turn, in whole numbers so that every machine decides alike.
  private static let axes: [(across: Int, down: Int)] = [
    (1_000, 0), (924, 383), (707, 707), (383, 924), (0, 1_000), (-383, 924), (-707, 707), (-924, 383),
  ]
}
