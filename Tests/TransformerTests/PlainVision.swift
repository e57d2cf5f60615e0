import Foundation

/// The plainest forward pass of a model of images, in double precision.
struct PlainVision {
  private typealias Matrix = [[Double]]

  let model: RandomVisionModel
  /// What a byte is multiplied by, and each colour's mean and deviation.
  var factor = 1.0 / 255
  var mean: [Double]
  var deviation: [Double]
  /// Whether the activation is the quick one.
  var isQuick: Bool

  /// With the constants that are published for its kind.
  init(_ model: RandomVisionModel) {
    self.model = model
    mean = model.isClip ? [0.48145466, 0.4578275, 0.40821073] : [0.5, 0.5, 0.5]
    deviation = model.isClip ? [0.26862954, 0.26130258, 0.27577711] : [0.5, 0.5, 0.5]
    isQuick = model.isClip
  }

  private func numbers(_ name: String) -> [Double] { model.tensors[name]?.map(Double.init) ?? [] }

  private func dot(_ left: [Double], _ right: [Double]) -> Double {
    var sum = 0.0
    for index in left.indices { sum += left[index] * right[index] }
    return sum
  }

  private func linear(_ x: Matrix, _ name: String) -> Matrix {
    let (weight, bias) = (numbers("\(name).weight"), numbers("\(name).bias"))
    let depth = x[0].count
    let rows = stride(from: 0, to: weight.count, by: depth).map { Array(weight[$0..<$0 + depth]) }
    return x.map { line in rows.indices.map { dot(rows[$0], line) + (bias.isEmpty ? 0 : bias[$0]) } }
  }

  private func norm(_ x: Matrix, _ name: String) -> Matrix {
    let (weight, bias) = (numbers("\(name).weight"), numbers("\(name).bias"))
    return x.map { line in
      let middle = line.reduce(0, +) / Double(line.count)
      let variance = line.reduce(0) { $0 + ($1 - middle) * ($1 - middle) } / Double(line.count)
      return line.indices.map { (line[$0] - middle) / (variance + 1e-3).squareRoot() * weight[$0] + bias[$0] }
    }
  }

  private func sum(_ left: Matrix, _ right: Matrix) -> Matrix {
    zip(left, right).map { zip($0, $1).map { $0 + $1 } }
  }

  private func activate(_ x: Double) -> Double {
    isQuick ? x / (1 + exp(-1.702 * x)) : 0.5 * x * (1 + erf(x / 2.0.squareRoot()))
  }

  private func attend(_ x: Matrix, query: String, key: String, value: String) -> Matrix {
    let (queries, keys, values) = (linear(x, query), linear(x, key), linear(x, value))
    let size = RandomVisionModel.width / RandomVisionModel.heads
    var seen = x
    for first in stride(from: 0, to: RandomVisionModel.width, by: size) {
      let head = { (matrix: Matrix) in matrix.map { Array($0[first..<first + size]) } }
      let (headKeys, headValues) = (head(keys), head(values))
      for (token, query) in head(queries).enumerated() {
        let powers = headKeys.map { exp(dot(query, $0) / Double(size).squareRoot()) }
        let total = powers.reduce(0, +)
        for index in 0..<size {
          seen[token][first + index] = zip(powers, headValues).reduce(0) { $0 + $1.0 * $1.1[index] } / total
        }
      }
    }
    return seen
  }

  /// The patches' pixels, each colour's line by line.
  private func patches(of raster: [UInt8]) -> Matrix {
    let (side, patch) = (model.side, model.patch)
    return (0..<model.patches).map { part in
      let (top, left) = (part / (side / patch) * patch, part % (side / patch) * patch)
      return (0..<3).flatMap { colour in
        (0..<patch * patch).map { pixel in
          let place = (top + pixel / patch) * side + left + pixel % patch
          return (Double(raster[place * 3 + colour]) * factor - mean[colour]) / deviation[colour]
        }
      }
    }
  }

  /// The vector of an image, of unit length.
  func vector(of raster: [UInt8]) -> [Double] {
    let embeddings = model.isClip ? "vision_model.embeddings" : "\(model.root)embeddings"
    let first = numbers("\(embeddings).\(model.isClip ? "class_embedding" : "cls_token")")
    let patch = "\(embeddings).\(model.isClip ? "patch_embedding" : "patch_embeddings.projection")"
    let positions = numbers("\(embeddings).\(model.isClip ? "position_embedding.weight" : "position_embeddings")")
    let width = RandomVisionModel.width
    var x = sum(
      [first] + linear(patches(of: raster), patch),
      (0...model.patches).map { Array(positions[$0 * width..<($0 + 1) * width]) }
    )
    if model.isClip { x = norm(x, "vision_model.pre_layrnorm") }
    for index in 0..<model.layers { x = model.isClip ? clipLayer(x, index) : vitLayer(x, index) }
    x = norm([x[0]], model.isClip ? "vision_model.post_layernorm" : "\(model.root)layernorm")
    if model.isClip { x = linear(x, "visual_projection") }
    return x[0].map { $0 / dot(x[0], x[0]).squareRoot() }
  }

  private func clipLayer(_ x: Matrix, _ index: Int) -> Matrix {
    let name = "vision_model.encoder.layers.\(index)"
    let parts = ["q", "k", "v"].map { "\(name).self_attn.\($0)_proj" }
    let seen = attend(norm(x, "\(name).layer_norm1"), query: parts[0], key: parts[1], value: parts[2])
    let middle = sum(x, linear(seen, "\(name).self_attn.out_proj"))
    let inner = linear(norm(middle, "\(name).layer_norm2"), "\(name).mlp.fc1").map { $0.map(activate) }
    return sum(middle, linear(inner, "\(name).mlp.fc2"))
  }

  private func vitLayer(_ x: Matrix, _ index: Int) -> Matrix {
    let name = "\(model.root)encoder.layer.\(index)"
    let parts = ["query", "key", "value"].map { "\(name).attention.attention.\($0)" }
    let seen = attend(norm(x, "\(name).layernorm_before"), query: parts[0], key: parts[1], value: parts[2])
    let middle = sum(x, linear(seen, "\(name).attention.output.dense"))
    let inner = linear(norm(middle, "\(name).layernorm_after"), "\(name).intermediate.dense").map { $0.map(activate) }
    return sum(middle, linear(inner, "\(name).output.dense"))
  }
}
