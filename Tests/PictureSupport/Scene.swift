/// Something to be seen: shapes in front of a sky, different for each number, drawn at any size and cut anywhere.
package struct Scene: Sendable {
  private struct Shape {
    let (x, y, width, height): (Double, Double, Double, Double)
    let isRound: Bool
    let stripes: Double
    let colour: (Double, Double, Double)
  }

  private let sky: ((Double, Double, Double), (Double, Double, Double))
  private let shapes: [Shape]

  package init(_ number: Int) {
    var state = UInt64(truncatingIfNeeded: number &+ 1) &* 0xd134_2543_de82_ef95
    func next() -> Double {
      // SplitMix64.
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return Double((z ^ (z >> 31)) >> 11) / Double(1 << 53)
    }
    sky = ((next(), next(), next()), (next(), next(), next()))
    shapes = (0..<9).map { _ in
      Shape(
        x: next(),
        y: next(),
        width: 0.08 + next() * 0.35,
        height: 0.08 + next() * 0.35,
        isRound: next() < 0.5,
        stripes: next() < 0.4 ? 20 + next() * 40 : 0,
        colour: (next(), next(), next())
      )
    }
  }

  /// The scene as pixels, each the mean of what is seen at nine places of it; `cut` is how much of each side is left out.
  package func drawn(width: Int, height: Int, cut: Double = 0) -> Pixels {
    let steps = [-1.0, 0, 1]
    let (wide, high) = (1 / Double(3 * width), 1 / Double(3 * height))
    return Pixels(width: width, height: height) { x, y in
      var sum = (0.0, 0.0, 0.0)
      for down in steps {
        for across in steps {
          let place = (x + across * wide, y + down * high)
          let colour = colour(cut + place.0 * (1 - 2 * cut), cut + place.1 * (1 - 2 * cut))
          sum = (sum.0 + colour.0, sum.1 + colour.1, sum.2 + colour.2)
        }
      }
      return (sum.0 / 9, sum.1 / 9, sum.2 / 9, 1)
    }
  }

  /// What is seen at a place.
  private func colour(_ x: Double, _ y: Double) -> (Double, Double, Double) {
    var colour = (
      sky.0.0 + (sky.1.0 - sky.0.0) * y, sky.0.1 + (sky.1.1 - sky.0.1) * y, sky.0.2 + (sky.1.2 - sky.0.2) * y
    )
    for shape in shapes {
      let (across, down) = ((x - shape.x) / shape.width, (y - shape.y) / shape.height)
      let isIn = shape.isRound ? across * across + down * down < 0.25 : abs(across) < 0.5 && abs(down) < 0.5
      guard isIn else { continue }
      let isDark = shape.stripes > 0 && Int((x + y) * shape.stripes).isMultiple(of: 2)
      let light = isDark ? 0.4 : 1.0
      colour = (shape.colour.0 * light, shape.colour.1 * light, shape.colour.2 * light)
    }
    return colour
  }
}
