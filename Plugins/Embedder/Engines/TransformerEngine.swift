internal import Glibc
internal import PluginKit
internal import Transformer
internal import WordPiece

/// Vectors by an encoder of BERT's kind, in single precision.
struct TransformerEngine: TextEngine {
  /// Digits of the digest that are a model's version, if it has been given none.
  static let versionDigits = 12
  /// Bytes of the largest vocabulary.
  private static let vocabularyMax = 64 << 20

  let dimension: Int
  let version: String
  let checksum: String

  private let model: TransformerModel
  private let vocabulary: Vocabulary
  private let pooling: TransformerModel.Pooling
  private let tokensMax: Int

  /// Loads what is in a directory; the team helps with what is computed.
  init(
    directory: String,
    version: String?,
    pooling: TransformerModel.Pooling,
    tokensMax: Int,
    team: TransformerTeam? = nil
  ) throws(EmbedderError) {
    do {
      model = try TransformerModel(directory: directory, team: team)
    } catch {
      throw EmbedderError("\(error)")
    }
    let path = "\(directory)/vocab.txt"
    do {
      vocabulary = try Vocabulary(lines: Self.read(path))
      // Whether it has the pieces that each text needs.
      _ = try WordPiece(vocabulary)
    } catch {
      throw EmbedderError("\(path): \(error)")
    }
    guard vocabulary.count <= model.vocabularyCount else {
      throw EmbedderError(
        "\(path): expected at most \(model.vocabularyCount) pieces, as config.json says, found \(vocabulary.count)"
      )
    }
    let digest = Hex.encode(model.digest)
    dimension = model.dimension
    checksum = "sha256:\(digest)"
    self.version = version ?? String(digest.prefix(Self.versionDigits))
    self.pooling = pooling
    self.tokensMax = min(tokensMax, model.tokensMax)
  }

  func makeWorker() throws(EmbedderError) -> any TextWorker {
    do {
      return Worker(
        run: try TransformerRun(model),
        tokenizer: try WordPiece(vocabulary),
        pooling: pooling,
        tokensMax: tokensMax
      )
    } catch {
      throw EmbedderError("\(error)")
    }
  }

  private final class Worker: TextWorker {
    private let run: TransformerRun
    private var tokenizer: WordPiece
    private let pooling: TransformerModel.Pooling
    private let tokensMax: Int

    init(run: TransformerRun, tokenizer: WordPiece, pooling: TransformerModel.Pooling, tokensMax: Int) {
      self.run = run
      self.tokenizer = tokenizer
      self.pooling = pooling
      self.tokensMax = tokensMax
    }

    func vectors(of texts: [String]) throws(EmbedderError) -> [[Float]] {
      let tokens = texts.map { tokenizer.tokens(of: $0, limit: tokensMax) }
      do {
        return try run.vectors(of: tokens, pooling)
      } catch {
        throw EmbedderError("\(error)")
      }
    }
  }

  private static func read(_ path: String) throws -> [UInt8] {
    guard let file = unsafe fopen(path, "re") else {
      throw EmbedderError(unsafe String(cString: strerror(errno)))
    }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = unsafe fread(&piece, 1, piece.count, file), count > 0 {
      bytes += piece[..<count]
      guard bytes.count <= vocabularyMax else { throw EmbedderError("expected at most \(vocabularyMax) bytes") }
    }
    return bytes
  }
}
