internal import Picture

/// Vectors by looking: where which colours are, and which way its edges run in each part of a picture.
///
/// It knows nothing of what is shown, only how that looks; a copy that is smaller, compressed again or cut a little at its
/// borders looks the same. It needs no model, and makes the same vector of a raster on every machine.
///
/// Sources: the colour layout descriptor of MPEG-7 (ISO/IEC 15938-3), which is the low frequencies of a picture of eight
/// by eight pixels; Dalal, Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR 2005.
struct ImageDescriptor: PictureEngine {
  /// Pixels of each side that are looked at.
  private static let side = 64
  /// How much the colours weigh against the edges.
  private static let colourWeight: Float = 0.8
  /// A little that every picture has, so that one of a single grey has a direction too.
  private static let common: Float = 0.05

  let dimension = ColourLayout.count + EdgeHistograms.count + 1
  let version = "1"
  /// Of the rules, which are all that there is of a model; changed with them.
  let checksum = "image-descriptor:1"
  let size = RasterSize(width: side, height: side)

  func makeWorker() throws(EmbedderError) -> any PictureWorker { Worker() }

  private final class Worker: PictureWorker {
    func vectors(of rasters: [Raster]) throws(EmbedderError) -> [[Float]] { rasters.map(ImageDescriptor.vector) }
  }

  private static func vector(_ raster: Raster) -> [Float] {
    let planes = ColourPlanes(raster)
    let colours = ColourLayout.numbers(of: planes).map { $0 * colourWeight }
    return scaled(colours + EdgeHistograms.numbers(of: planes.light, side: side) + [common])
  }

  /// Numbers divided by their length; `least` keeps what hardly is anything small.
  static func scaled(_ numbers: [Float], least: Float = 0) -> [Float] {
    let length = (numbers.reduce(0) { $0 + $1 * $1 } + least * least).squareRoot()
    return numbers.map { $0 / length }
  }
}

/// A square raster as light and two differences of colour, whole numbers around 0.
struct ColourPlanes {
  let light: [Int]
  let blue: [Int]
  let red: [Int]
  let side: Int

  init(_ raster: Raster) {
    var (light, blue, red): ([Int], [Int], [Int]) = ([], [], [])
    for start in stride(from: 0, to: raster.pixels.count, by: 3) {
      let (r, g, b) = (Int(raster.pixels[start]), Int(raster.pixels[start + 1]), Int(raster.pixels[start + 2]))
      // The weights of ITU-R BT.601, of 256.
      let y = (77 * r + 150 * g + 29 * b) / 256
      light.append(y - 128)
      blue.append(b - y)
      red.append(r - y)
    }
    (self.light, self.blue, self.red, side) = (light, blue, red, raster.size.width)
  }
}
