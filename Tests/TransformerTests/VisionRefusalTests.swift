import TestSupport
import Testing
import Transformer

/// What is wrong with a model's files, and what is said of it.
@Suite struct VisionRefusalTests {
  /// A change to a model that is whole.
  struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var kind = RandomVisionModel.Kind.clip
    let said: String
    let change: @Sendable (inout RandomVisionModel) -> Void
  }

  static let rows = [
    Row(
      testDescription: "another kind",
      said: #"config.json: model_type: expected one of clip, clip_vision_model, vit"#
    ) {
      $0.config["model_type"] = "siglip_vision_model"
    },
    Row(testDescription: "no kind", said: "model_type: expected one of clip, clip_vision_model, vit, found nothing") {
      $0.config["model_type"] = nil
    },
    Row(testDescription: "an activation", said: #"hidden_act: expected one of gelu, quick_gelu, found string "relu""#) {
      $0.config["hidden_act"] = "relu"
    },
    Row(testDescription: "four colours", said: "config.json: num_channels: expected 3, found integer 4") {
      $0.config["num_channels"] = 4
    },
    Row(testDescription: "no bias", kind: .vit, said: "config.json: qkv_bias: expected true, found boolean false") {
      $0.config["qkv_bias"] = false
    },
    Row(testDescription: "two sides", said: "config.json: image_size: expected integer from 1 to 2048, found array") {
      $0.config["image_size"] = [20, 20]
    },
    Row(testDescription: "a patch beyond", said: "patch_size: expected integer from 1 to 20, found integer 21") {
      $0.config["patch_size"] = 21
    },
    Row(testDescription: "no patch", said: "patch_size: expected integer from 1 to 20, found integer 0") {
      $0.config["patch_size"] = 0
    },
    Row(
      testDescription: "many patches",
      said: "expected at most 32 patches along a side, found 99 pixels in patches of 3"
    ) {
      $0.config["image_size"] = 99
      $0.config["patch_size"] = 3
    },
    Row(
      testDescription: "narrow heads",
      said: "config.json: expected heads and intermediate_size to be multiples of 32"
    ) {
      $0.config["num_attention_heads"] = 4
    },
    Row(testDescription: "an epsilon", said: "config.json: layer_norm_eps: expected number from 0.0 to 1.0, found") {
      $0.config["layer_norm_eps"] = -1
    },
    Row(testDescription: "outputs", said: "config.json: projection_dim: expected a multiple of 32, found 33") {
      $0.config["projection_dim"] = 33
    },
    Row(
      testDescription: "no whole",
      kind: .wholeClip,
      said: "config.json: projection_dim: expected integer from 1 to 4096"
    ) {
      $0.whole["projection_dim"] = nil
    },
    Row(
      testDescription: "inside the whole",
      kind: .wholeClip,
      said: "config.json: vision_config.hidden_size: expected integer from 1 to 4096, found nothing"
    ) { $0.config["hidden_size"] = nil },
    Row(
      testDescription: "patches of another size",
      said:
        "model.safetensors: vision_model.embeddings.patch_embedding.weight: expected F32 of shape [64, 3, 5, 5], found"
    ) {
      $0.config["patch_size"] = 5
      $0.config["image_size"] = 15
    },
    Row(
      testDescription: "more patches",
      said: "vision_model.embeddings.position_embedding.weight: expected F32 of shape [17, 64], found"
    ) { $0.config["image_size"] = 24 },
    Row(testDescription: "more layers", said: "vision_model.encoder.layers.2.layer_norm1.weight: expected F32") {
      $0.config["num_hidden_layers"] = 3
    },
    Row(
      testDescription: "no projection",
      said: "model.safetensors: visual_projection.weight: expected F32 of shape [32, 64], found none"
    ) { $0.tensors.remove("visual_projection.weight") },
    Row(
      testDescription: "no bias of patches",
      kind: .vit,
      said: "model.safetensors: embeddings.patch_embeddings.projection.bias: expected F32 of shape [64], found none"
    ) { $0.tensors.remove("embeddings.patch_embeddings.projection.bias") },
    Row(
      testDescription: "two means",
      said: "preprocessor_config.json: image_mean: expected 3 numbers from -1000000000.0 to 1000000000.0, found array"
    ) { $0.preprocessor = ["image_mean": [0.5, 0.5]] },
    Row(
      testDescription: "no deviation",
      said: "preprocessor_config.json: image_std: expected 3 numbers from 1e-09 to 1000000000.0, found array"
    ) { $0.preprocessor = ["image_std": [0.5, 0, 0.5]] },
    Row(
      testDescription: "a factor",
      said: "preprocessor_config.json: rescale_factor: expected number from 1e-09 to 1000000000.0, found string \"x\""
    ) { $0.preprocessor = ["rescale_factor": "x"] },
    Row(testDescription: "a word", said: "preprocessor_config.json: do_normalize: expected boolean, found integer 1") {
      $0.preprocessor = ["do_normalize": 1]
    },
  ]

  @Test(arguments: rows)
  func `a model that is not as it says is refused in words that name file, place and what was found`(row: Row) throws {
    var model = RandomVisionModel(row.kind)
    row.change(&model)
    let error = #expect(throws: TransformerError.self) { try model.load() }
    #expect(error?.description.contains(row.said) == true, "\(error.debugDescription)")
  }

  @Test func `a description that is too long, no object or not there is refused`() throws {
    let directory = try TemporaryDirectory()
    for (bytes, said) in [
      ([UInt8](repeating: 32, count: 1 << 20 | 1), "expected at most 1048576 bytes, found 1048577"),
      (Array("[1]".utf8), "model_type: expected one of"), (Array("{".utf8), "config.json: "), ([], "found none"),
    ] {
      try directory.write("config.json", bytes)
      let error = #expect(throws: TransformerError.self) { try VisionModel(directory: directory.path) }
      #expect(error?.description.contains(said) == true, "\(error.debugDescription)")
    }
    let error = #expect(throws: TransformerError.self) { try VisionModel(directory: "/nowhere") }
    #expect(error?.description == "/nowhere/config.json: No such file or directory")
  }

  @Test func `a file of tensors that is cut short is refused`() throws {
    let directory = try TemporaryDirectory()
    let whole = try RandomVisionModel(.clip).tensors.bytes()
    let config = #"""
      {"model_type": "clip_vision_model", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
      "intermediate_size": 128, "image_size": 20, "patch_size": 6, "projection_dim": 32}
      """#
    try directory.write("config.json", Array(config.utf8))
    try directory.write("model.safetensors", whole)
    #expect(throws: Never.self) { try VisionModel(directory: directory.path) }
    for count in [0, 5, 600, whole.count - 4] {
      try directory.write("model.safetensors", Array(whole.prefix(count)))
      let error = #expect(throws: TransformerError.self) { try VisionModel(directory: directory.path) }
      #expect(error?.description.contains("model.safetensors") == true, "\(error.debugDescription)")
    }
  }
}
