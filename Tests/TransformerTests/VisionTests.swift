import TestSupport
import Testing
import Transformer

@Suite(.timeLimit(.minutes(Patience.minutes))) struct VisionTests {
  /// How near each number must be to the one that is computed in double precision: all but the last digits.
  private static let differenceMax = 2e-6

  private func difference(_ left: [Float], _ right: [Double]) -> Double {
    zip(left, right).map { abs(Double($0) - $1) }.max() ?? .infinity
  }

  @Test(arguments: RandomVisionModel.Kind.allCases)
  func `vectors are those of a plain forward pass in double precision`(kind: RandomVisionModel.Kind) throws {
    let described = RandomVisionModel(kind)
    let model = try described.load()
    #expect(model.rasterSide == described.side)
    #expect(model.dimension == (described.isClip ? RandomVisionModel.outputs : RandomVisionModel.width))
    let rasters = described.rasters(3)
    for (raster, vector) in try zip(rasters, VisionRun(model).vectors(of: rasters)) {
      #expect(vector.count == model.dimension)
      #expect(difference(vector, PlainVision(described).vector(of: raster)) < Self.differenceMax)
    }
  }

  @Test(arguments: [("gelu", false), ("quick_gelu", true)])
  func `a model has the activation that it names`(name: String, isQuick: Bool) throws {
    for kind in [RandomVisionModel.Kind.clip, .vit] {
      let described = RandomVisionModel(kind, activation: name)
      let raster = described.rasters(1)[0]
      var plain = PlainVision(described)
      plain.isQuick = isQuick
      let vector = try VisionRun(described.load()).vectors(of: [raster])[0]
      #expect(difference(vector, plain.vector(of: raster)) < Self.differenceMax)
      plain.isQuick.toggle()
      #expect(difference(vector, plain.vector(of: raster)) > 1e-4)
    }
  }

  @Test func `pixels are made to numbers as the preprocessor's description says`() throws {
    var described = RandomVisionModel(.clip)
    let raster = described.rasters(1)[0]
    var plain = PlainVision(described)
    (plain.factor, plain.mean, plain.deviation) = (0.01, [0.1, 0.2, 0.3], [0.9, 0.5, 0.7])
    described.preprocessor = ["rescale_factor": 0.01, "image_mean": [0.1, 0.2, 0.3], "image_std": [0.9, 0.5, 0.7]]
    #expect(
      try difference(VisionRun(described.load()).vectors(of: [raster])[0], plain.vector(of: raster))
        < Self.differenceMax
    )
    (plain.factor, plain.mean, plain.deviation) = (1, [0, 0, 0], [1, 1, 1])
    described.preprocessor?["do_rescale"] = false
    described.preprocessor?["do_normalize"] = false
    #expect(
      try difference(VisionRun(described.load()).vectors(of: [raster])[0], plain.vector(of: raster))
        < Self.differenceMax
    )
  }

  @Test func `a model that is described otherwise has another digest`() throws {
    var described = RandomVisionModel(.clip)
    let bare = try described.load().digest
    #expect(try described.load().digest == bare)
    described.preprocessor = ["image_mean": [0.1, 0.2, 0.3]]
    let first = try described.load().digest
    described.preprocessor = ["image_mean": [0.1, 0.2, 0.4]]
    let second = try described.load().digest
    described.config["layer_norm_eps"] = 2e-3
    let third = try described.load().digest
    #expect(Set([bare, first, second, third]).count == 4)
  }

  @Test func `an image may have more tokens than go through the layers together otherwise`() throws {
    let described = RandomVisionModel(.clip, side: 46, patch: 2, layers: 1)
    #expect(described.patches == 529)
    let rasters = described.rasters(2)
    let vectors = try VisionRun(described.load()).vectors(of: rasters)
    #expect(difference(vectors[1], PlainVision(described).vector(of: rasters[1])) < Self.differenceMax)
  }

  @Test(arguments: [nil, 1, 2, 5])
  func `an image's vector does not depend on those that it comes with, nor on who helps`(threads: Int?) throws {
    let described = RandomVisionModel(.clip)
    // More than go through the layers together.
    let rasters = described.rasters(120)
    let expected = try VisionRun(described.load()).vectors(of: rasters)
    let run = try VisionRun(described.load(team: threads.map { try TransformerTeam(threads: $0) }))
    #expect(try run.vectors(of: rasters) == expected)
    for (raster, vector) in zip(rasters, expected).prefix(60) {
      #expect(zip(try run.vectors(of: [raster])[0], vector).allSatisfy { abs($0 - $1) < 1e-6 })
      #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    }
    #expect(try run.vectors(of: []).isEmpty)
  }

  @Test(arguments: ["avx512", "avx2", "sse2"])
  func `the loops for every kind of processor compute the same`(kernels: String) throws {
    // What a processor has, those before it in this row may lack.
    let row = ["sse2", "avx2", "avx512"]
    guard let mine = row.firstIndex(of: TransformerModel.kernels), let index = row.firstIndex(of: kernels),
      index <= mine
    else { return }
    for kind in [RandomVisionModel.Kind.clip, .vit] {
      let described = RandomVisionModel(kind)
      let rasters = described.rasters(4)
      for (raster, vector) in try zip(rasters, VisionRun(described.load(kernels: kernels)).vectors(of: rasters)) {
        #expect(difference(vector, PlainVision(described).vector(of: raster)) < Self.differenceMax)
      }
    }
  }

  @Test(arguments: [0, 20 * 20 * 3 - 1, 20 * 20 * 4])
  func `a raster of another size is refused`(count: Int) throws {
    let described = RandomVisionModel(.clip)
    let run = try VisionRun(described.load())
    let error = #expect(throws: TransformerError.self) {
      try run.vectors(of: [described.rasters(1)[0], [UInt8](repeating: 0, count: count)])
    }
    #expect(error?.description == "expected 1200 bytes of 20 by 20 pixels, found \(count)")
  }
}
