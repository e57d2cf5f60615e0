internal import Picture
internal import PluginKit
internal import Transformer

/// Vectors by a vision transformer, such as CLIP's, in single precision.
struct VisionEngine: PictureEngine {
  let dimension: Int
  let version: String
  let checksum: String
  let size: RasterSize

  private let model: VisionModel

  /// Loads what is in a directory; the team helps with what is computed.
  init(directory: String, version: String?, team: TransformerTeam?) throws(EmbedderError) {
    do {
      model = try VisionModel(directory: directory, team: team)
    } catch {
      throw EmbedderError("\(error)")
    }
    let digest = Hex.encode(model.digest)
    (dimension, checksum) = (model.dimension, "sha256:\(digest)")
    self.version = version ?? String(digest.prefix(TransformerEngine.versionDigits))
    size = RasterSize(width: model.rasterSide, height: model.rasterSide)
  }

  func makeWorker() throws(EmbedderError) -> any PictureWorker {
    do {
      return Worker(run: try VisionRun(model))
    } catch {
      throw EmbedderError("\(error)")
    }
  }

  private final class Worker: PictureWorker {
    private let run: VisionRun

    init(run: VisionRun) {
      self.run = run
    }

    func vectors(of rasters: [Raster]) throws(EmbedderError) -> [[Float]] {
      do {
        return try run.vectors(of: rasters.map(\.pixels))
      } catch {
        throw EmbedderError("\(error)")
      }
    }
  }
}
