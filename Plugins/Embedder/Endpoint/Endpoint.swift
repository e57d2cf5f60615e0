internal import PluginKit

/// A model that somebody else runs, behind the access plugin of a tenant: that has the key and the network, and this has
/// neither.
struct Endpoint: EmbeddingEngine {
  /// Bytes that a request has besides its texts, and an answer besides its vectors, with the longest names.
  private static let frame = 2 << 10
  /// Bytes that an answer has for each vector besides its base64.
  private static let itemFrame = 128
  /// Bytes that a text may have in JSON, so that as many of the longest as a batch has fit a request.
  static let textMax = (Envelope.payloadMax - frame) / (BatchLimits.costMax / BatchLimits.textCostMax)
  /// Numbers that a vector may have: more are kept by no storage.
  static let dimensionMax = 4_096

  /// Whose access plugin is asked.
  let tenant: TenantName
  /// What the model is called there.
  let model: String
  let dimension: Int
  let version: String
  /// Requests that are under way at once.
  let atOnce: Int
  /// How long one may take.
  let timeout: Duration
  /// Bytes of a text in JSON that are sent; what is behind them is cut.
  let textBytes: Int

  /// Of what tells the model from others here, since nobody can hash what it is made of.
  var checksum: String {
    let told = "\(tenant)\0\(model)\0\(dimension)\0\(version)"
    return "endpoint:" + Hex.encode(SHA256.digest(Array(told.utf8)))
  }

  /// How many texts a request may have, so that its answer fits an envelope.
  var textsMax: Int {
    let vector = (dimension * MemoryLayout<Float>.size + 2) / 3 * 4 + Self.itemFrame
    return max(1, (Envelope.payloadMax - Self.frame) / vector)
  }
}
