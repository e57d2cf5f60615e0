import Picture
import PictureSupport
import PluginKit
import TestSupport
import Testing

@testable import Embedder

@Suite(.timeLimit(.minutes(Patience.minutes))) struct ImageDescriptorTests {
  private let engine = ImageDescriptor()

  private func vector(_ bytes: [UInt8]) throws -> [Float] {
    try engine.makeWorker().vectors(of: [Picture.raster(of: bytes, engine.size)])[0]
  }

  private func cosine(_ left: [Float], _ right: [Float]) -> Float {
    zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
  }

  @Test func `a raster's vector is the same on every machine`() throws {
    let pixels = (0..<64 * 64 * 3).map { UInt8(truncatingIfNeeded: $0 * $0 / 7 + $0 % 191) }
    let raster = Raster(size: engine.size, pixels: pixels)
    let vector = try engine.makeWorker().vectors(of: [raster])[0]
    #expect(vector.count == engine.dimension)
    let bytes = vector.flatMap { number in
      (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * UInt32($0))) }
    }
    #expect(Hex.encode(SHA256.digest(bytes).prefix(8)) == "a8974803e0c64fa2")
  }

  @Test(arguments: [0, 127, 255] as [UInt8])
  func `a picture without anything in it has a vector of unit length too`(level: UInt8) throws {
    let found = try vector(EncodedPicture.png(Pixels(width: 9, height: 9, rgba: [level, level, level, 255])))
    #expect(abs(cosine(found, found) - 1) < 1e-5)
  }

  @Test func `what was scaled, compressed again or cut a little is nearer than any other picture`() throws {
    let scenes = (0..<40).map(Scene.init)
    let originals = try scenes.map { try vector(EncodedPicture.png($0.drawn(width: 160, height: 120))) }
    var (same, other): (Float, Float) = (1, -1)
    for (number, scene) in scenes.enumerated() {
      let copies = [
        EncodedPicture.jpeg(scene.drawn(width: 160, height: 120), quality: 30),
        EncodedPicture.webp(scene.drawn(width: 53, height: 40), quality: 50),
        EncodedPicture.png(scene.drawn(width: 320, height: 200)),
        EncodedPicture.jpeg(scene.drawn(width: 150, height: 112, cut: 0.03), quality: 60),
      ]
      for copy in copies {
        let found = try vector(copy)
        let near = originals.map { cosine(found, $0) }
        #expect(near.indices.max { near[$0] < near[$1] } == number, "\(number)")
        same = min(same, near[number])
        other = max(other, near.enumerated().filter { $0.offset != number }.map(\.element).max() ?? -1)
      }
    }
    #expect(same > 0.65 && other < 0.65, "the same: from \(same); others: up to \(other)")
  }
}
