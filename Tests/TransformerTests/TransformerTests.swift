import Foundation
import TestSupport
import Testing
import Transformer
import WordPiece

@Suite(.timeLimit(.minutes(Patience.minutes))) struct TransformerTests {
  /// How near each vector must be to the one that is computed in double precision: all but the last digits.
  private static let cosineMin = 0.999_999

  private func cosine(_ left: [Float], _ right: [Double]) -> Double {
    zip(left, right).reduce(0) { $0 + Double($1.0) * $1.1 }
  }

  /// Every seventeenth real message, which are a hundred.
  private static func messages() -> [String] {
    Array(ModelReference.messages().enumerated().filter { $0.offset % 17 == 0 }.map(\.element).prefix(100))
  }

  @Test func `vectors of real messages are those of sentence-transformers, where python3 has that`() async throws {
    let messages = Self.messages()
    guard ModelReference.isThere(), !messages.isEmpty else { return }
    let theirs: [[Double]]? = try await ModelReference.run(
      "sentences.py",
      packages: [],
      before: [ModelReference.directory],
      messages
    )
    guard let theirs, !theirs.isEmpty else { return Products.say("not compared: python3 has no sentence-transformers") }
    let run = try TransformerRun(TransformerModel(directory: ModelReference.directory))
    var tokenizer = try WordPiece(Vocabulary(lines: FileBytes.read("\(ModelReference.directory)/vocab.txt")))
    let ours = try run.vectors(of: messages.map { tokenizer.tokens(of: $0, limit: 256) }, .mean)
    let cosines = zip(ours, theirs).map { cosine($0, $1) }
    #expect(cosines.count == messages.count)
    let least = try #require(cosines.min())
    Products.say("least cosine of \(cosines.count) vectors with those of sentence-transformers: \(least)")
    #expect(least > Self.cosineMin)
  }

  @Test func `vectors of real messages are those of a plain forward pass`() async throws {
    let messages = Self.messages()
    guard ModelReference.isThere(), !messages.isEmpty else { return }
    let model = try TransformerModel(directory: ModelReference.directory)
    let run = try TransformerRun(model)
    var tokenizer = try WordPiece(Vocabulary(lines: FileBytes.read("\(ModelReference.directory)/vocab.txt")))
    let tokens = messages.map { tokenizer.tokens(of: $0, limit: 256) }
    let theirs: [[Double]]? = try await ModelReference.run(
      "vectors.py",
      packages: ["numpy==2.4.6"],
      before: [ModelReference.directory],
      tokens
    )
    guard let theirs else { return }
    let ours = try run.vectors(of: tokens, .mean)
    let cosines = zip(ours, theirs).map { cosine($0, $1) }
    #expect(cosines.count == messages.count)
    let least = try #require(cosines.min())
    Products.say("least cosine of \(cosines.count) vectors with those in double precision: \(least)")
    #expect(least > Self.cosineMin)
  }

  @Test func `a text's vector does not depend on those that it comes with`() throws {
    let model = try RandomModel().load()
    let run = try TransformerRun(model)
    var random = SeededRandom(seed: 7)
    // More than go through the layers together, of all lengths.
    let texts = (0..<40).map { index in
      (0...(index * 7 % 48)).map { _ in UInt32.random(in: 0..<UInt32(RandomModel.vocabulary), using: &random) }
    }
    for pooling in TransformerModel.Pooling.allCases {
      let together = try run.vectors(of: texts, pooling)
      for (text, vector) in zip(texts, together) {
        let alone = try run.vectors(of: [text], pooling)[0]
        #expect(zip(alone, vector).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
      }
    }
  }

  @Test(arguments: ["avx512", "avx2", "sse2"])
  func `the loops for every kind of processor compute the same`(kernels: String) throws {
    let ours = TransformerModel.kernels
    // What a processor has, those before it in this row may lack.
    let row = ["sse2", "avx2", "avx512"]
    guard let mine = row.firstIndex(of: ours), let index = row.firstIndex(of: kernels), index <= mine else { return }
    let texts = (1...48).map { length in (0..<length).map { UInt32(($0 * 7 + length) % RandomModel.vocabulary) } }
    let expected = try TransformerRun(RandomModel().load()).vectors(of: texts, .mean)
    let found = try TransformerRun(RandomModel().load(kernels: kernels)).vectors(of: texts, .mean)
    for (left, right) in zip(expected, found) { #expect(zip(left, right).allSatisfy { abs($0 - $1) < 1e-5 }) }
  }

  @Test(arguments: [1, 2, 5])
  func `a run that others help with computes the same, also while there are several`(threads: Int) async throws {
    let texts = (1...48).map { length in (0..<length).map { UInt32(($0 * 5 + length) % RandomModel.vocabulary) } }
    let expected = try TransformerRun(RandomModel().load()).vectors(of: texts, .mean)
    let model = try RandomModel().load(team: TransformerTeam(threads: threads))
    // Each number is the same sum in the same order, whoever computes it.
    let helped = try TransformerRun(model)
    for _ in 0..<20 {
      #expect(try helped.vectors(of: texts, .mean) == expected)
      #expect(try helped.vectors(of: [texts[30]], .mean) == [expected[30]])
    }
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<4 {
        group.addTask {
          let run = try TransformerRun(model)
          return try (0..<10).allSatisfy { _ in try run.vectors(of: texts, .mean) == expected }
        }
      }
      for try await isSame in group { #expect(isSame) }
    }
  }

  @Test(arguments: [[], Array(repeating: 0, count: 49), [64]] as [[UInt32]])
  func `tokens that the model cannot take are refused`(tokens: [UInt32]) throws {
    let run = try TransformerRun(RandomModel().load())
    #expect(throws: TransformerError.self) { try run.vectors(of: [tokens], .mean) }
  }

  @Test(arguments: ["model_type", "hidden_act", "hidden_size", "num_attention_heads", "layers", "words"])
  func `a model that is not as it says is refused in words that name the file`(part: String) throws {
    var model = RandomModel()
    switch part {
    case "model_type": model.config["model_type"] = "gpt2"
    case "hidden_act": model.config["hidden_act"] = "relu"
    case "hidden_size": model.config["hidden_size"] = 128
    case "num_attention_heads": model.config["num_attention_heads"] = 64
    case "layers": model.config["num_hidden_layers"] = 3
    default: model.config["vocab_size"] = 1 << 20
    }
    let error = #expect(throws: TransformerError.self) { try model.load() }
    let file = ["hidden_size", "layers", "words"].contains(part) ? "model.safetensors" : "config.json"
    #expect(error?.description.contains(file) == true, "\(error.debugDescription)")
  }

  @Test func `a file of tensors that is cut short or lies is refused`() throws {
    let whole = try RandomModel().tensors()
    var lying = whole
    lying.replaceSubrange(0..<8, with: [255, 255, 255, 255, 255, 255, 255, 127])
    for bytes in [[], Array(whole.prefix(5)), Array(whole.prefix(600)), Array(whole.dropLast(4)), lying] {
      #expect(throws: TransformerError.self) { try RandomModel().load(tensors: bytes) }
    }
  }

  @Test func `a model that is not there is named`() {
    let error = #expect(throws: TransformerError.self) { try TransformerModel(directory: "/nowhere") }
    #expect(error?.description == "/nowhere/config.json: No such file or directory")
  }
}
