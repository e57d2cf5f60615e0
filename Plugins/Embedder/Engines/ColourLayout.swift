/// Where which colours are: the lowest frequencies of light and colours, of eight by eight fields.
enum ColourLayout {
  private static let fields = 8
  /// Frequencies whose two numbers are less than this together: of light more than of colours, as the eye has it.
  private static let (lightMax, colourMax) = (6, 4)
  /// What the means count for, and how much more each frequency does than the one below it: nearly all of a picture is in
  /// its lowest ones, and says least of it there.
  private static let (meanWeight, weightStep): (Float, Float) = (0.5, 0.5)
  /// A length that is hardly seen: a level or so in each field.
  private static let hardly: Float = 8

  /// How many numbers there are.
  static let count = lightMax * (lightMax + 1) / 2 + colourMax * (colourMax + 1)

  /// The numbers, of length 1 or a little less.
  static func numbers(of planes: ColourPlanes) -> [Float] {
    let light = frequencies(of: planes.light, side: planes.side, below: lightMax)
    let colours = [planes.blue, planes.red].flatMap { frequencies(of: $0, side: planes.side, below: colourMax) }
    return ImageDescriptor.scaled(light + colours, least: hardly)
  }

  private static func frequencies(of plane: [Int], side: Int, below limit: Int) -> [Float] {
    let means = means(of: plane, side: side)
    var numbers: [Float] = []
    for down in 0..<limit {
      for across in 0..<limit - down {
        var sum: Float = 0
        for y in 0..<fields {
          for x in 0..<fields { sum += means[y * fields + x] * cosine(across, x) * cosine(down, y) }
        }
        numbers.append(sum * (meanWeight + weightStep * Float(across + down)))
      }
    }
    return numbers
  }

  private static func means(of plane: [Int], side: Int) -> [Float] {
    let each = side / fields
    var sums = [Int](repeating: 0, count: fields * fields)
    for y in 0..<side {
      for x in 0..<side { sums[y / each * fields + x / each] += plane[y * side + x] }
    }
    return sums.map { Float($0) / Float(each * each) }
  }

  /// A sample of the discrete cosine transform's basis, which is orthonormal.
  private static func cosine(_ frequency: Int, _ place: Int) -> Float {
    // Every such angle is a multiple of 1/16 of half a turn, and of these the first nine have all values.
    let step = frequency * (2 * place + 1) % 32
    let folded = step > 16 ? 32 - step : step
    let value = folded > 8 ? -cosines[16 - folded] : cosines[folded]
    return value * (frequency == 0 ? 0.353_553_39 : 0.5)
  }

  /// Written out: what a machine's library makes of a cosine may differ in the last digit.
  private static let cosines: [Float] = [
    1, 0.980_785_28, 0.923_879_53, 0.831_469_61, 0.707_106_78, 0.555_570_23, 0.382_683_43, 0.195_090_32, 0,
  ]
}
