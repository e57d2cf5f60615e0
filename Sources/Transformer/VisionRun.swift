internal import CTransformer

/// What one thread computes images' vectors with; another thread needs another.
@safe
public final class VisionRun {
  private let model: VisionModel
  private let scratch: OpaquePointer

  /// Room for a model's numbers, 18 MB of CLIP's ViT-B/32, and 224 MB of the largest that is taken.
  public init(_ model: VisionModel) throws(TransformerError) {
    guard let scratch = unsafe vision_scratch_make(model.model) else {
      throw TransformerError("expected memory to compute in, found too little; see limits.memory")
    }
    self.model = model
    unsafe self.scratch = scratch
  }

  deinit {
    unsafe transformer_scratch_free(scratch)
  }

  /// Computes vectors of unit length, one for each image.
  ///
  /// - Parameter rasters: The pixels of each, `rasterSide` times `rasterSide`: line by line from the top, a byte each for
  ///   red, green and blue.
  /// - Returns: The vectors, in the order of the images.
  /// - Throws: If a raster has another size.
  public func vectors(of rasters: [[UInt8]]) throws(TransformerError) -> [[Float]] {
    for raster in rasters where raster.count != model.rasterSize {
      throw TransformerError(
        "expected \(model.rasterSize) bytes of \(model.rasterSide) by \(model.rasterSide) pixels, found \(raster.count)"
      )
    }
    let dimension = model.dimension
    var all = [Float](repeating: 0, count: rasters.count * dimension)
    unsafe vision_run(model.model, scratch, Array(rasters.joined()), rasters.count, &all)
    return rasters.indices.map { Array(all[$0 * dimension..<($0 + 1) * dimension]) }
  }
}
