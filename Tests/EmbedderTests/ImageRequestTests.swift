import Locking
import Picture
import PictureSupport
import PluginABI
import PluginKit
import TestSupport
import Testing
import Transformer

@testable import Embedder

@Suite(.timeLimit(.minutes(Patience.minutes))) struct ImageRequestTests {
  /// A storage of blobs, of one tenant.
  private final class Blobs: Sendable {
    let files = Locked<[String: [UInt8]]>([:])
    /// What reading a blob fails with.
    let failures = Locked<[String: FakeHost.Answer]>([:])

    /// Keeps bytes, and returns their name.
    func keep(_ bytes: [UInt8]) -> String {
      let sha256 = Hex.encode(SHA256.digest(bytes))
      files.withLock { $0[sha256] = bytes }
      return sha256
    }

    func serve(_ request: Envelope) -> FakeHost.Answer {
      guard request.topic.hasPrefix("promethean.p.echo.t.demo.storage.blobs."), request.resource == "attachments",
        let payload = try? JSON.parse(request.payload), let sha256 = payload["sha256"]?.stringValue
      else { return .response(["blob": nil]) }
      let bytes = files.withLock { $0[sha256] }
      if request.topic.hasSuffix(".stat") {
        return .response(["blob": bytes.map { ["size": .int(Int64($0.count))] } ?? .null])
      }
      if let failure = failures.withLock({ $0[sha256] }) { return failure }
      let start = Int(payload["offset"]?.intValue ?? 0)
      let count = Int(payload["length"]?.intValue ?? 0)
      return .bytes(Array((bytes ?? [])[start...].prefix(count)))
    }
  }

  private let blobs = Blobs()
  private let model = "looks"

  private func host(_ config: JSONObject = [:], models: [JSON] = []) async throws -> FakeHost {
    var config = config
    config["models"] = .array(
      [["name": .string(model), "engine": "image-descriptor"], ["name": "feature-hashing"]] + models
    )
    let host = FakeHost(EmbedderPlugin.self, config: .object(config), missing: ["promethean.clock/1"]) { [blobs] in
      blobs.serve($0)
    }
    try await host.boot()
    return host
  }

  private func request(_ payload: JSON, model: String? = nil, tenant: String = "demo") -> Envelope {
    var envelope = EmbedderFixture.envelope(payload, model: model ?? self.model, tenant: tenant)
    envelope.topic = "promethean.p.echo.t.\(tenant).embed.image.infer"
    return envelope
  }

  private func images(_ digests: [String]) -> JSON {
    ["images": .array(digests.map { ["collection": "attachments", "sha256": .string($0)] })]
  }

  private func refusal(_ host: FakeHost, _ envelope: Envelope) async -> String {
    do {
      return "no error: \(try await host.request(envelope))"
    } catch {
      return (error as? FakeHost.Failure)?.description ?? "\(error)"
    }
  }

  @Test func `each picture has a vector of unit length, whatever its format, read in pieces`() async throws {
    let host = try await host()
    let pixels = Scene(3).drawn(width: 200, height: 150)
    let digests = [
      blobs.keep(EncodedPicture.png(pixels)), blobs.keep(EncodedPicture.jpeg(pixels)),
      blobs.keep(EncodedPicture.webp(pixels)),
    ]
    let answer = try await host.request(request(images(digests)))
    #expect(answer["models"] == [["name": "looks", "version": "1", "checksum": "image-descriptor:1"]])
    #expect(answer["refused"] == [])
    let vectors = EmbedderFixture.vectors(in: answer)
    #expect(answer["dimension"]?.intValue == Int64(vectors[0].count))
    for vector in vectors {
      #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
      #expect(zip(vector, vectors[0]).reduce(0) { $0 + $1.0 * $1.1 } > 0.95)
    }
    let gets = host.record.requested.count { $0.envelope.topic.hasSuffix("blobs.get") }
    let sizes = blobs.files.withLock { $0.values.map(\.count) }
    #expect(gets == sizes.map { ($0 + 32_767) / 32_768 }.reduce(0, +))
    try await host.stop()
  }

  @Test func `a vision transformer that the operator names makes the vectors that it makes by itself`() async throws {
    let directory = try TemporaryDirectory()
    try TinyVisionModel.write(to: directory)
    let host = try await host(
      ["threads": 2],
      models: [["name": "tiny", "engine": "vision-transformer", "path": .string(directory.path)]]
    )
    let pictures = (0..<5).map { EncodedPicture.png(Scene($0).drawn(width: 40, height: 30)) }
    let answer = try await host.request(request(images(pictures.map(blobs.keep)), model: "tiny"))
    let model = try VisionModel(directory: directory.path)
    let checksum = "sha256:\(Hex.encode(model.digest))"
    #expect(
      answer["models"] == [
        [
          "name": "tiny", "version": .string(String(Hex.encode(model.digest).prefix(12))),
          "checksum": .string(checksum),
        ]
      ]
    )
    let size = RasterSize(width: TinyVisionModel.side, height: TinyVisionModel.side)
    let rasters = try pictures.map { try Picture.raster(of: $0, size).pixels }
    let expected = try VisionRun(model).vectors(of: rasters)
    #expect(Set(expected).count == 5, "each picture has another vector")
    #expect(EmbedderFixture.vectors(in: answer) == expected)
    #expect(answer["dimension"]?.intValue == Int64(model.dimension))
    try await host.stop()
  }

  @Test func `one that cannot be decoded, is too large or is not there has a reason, and the others have vectors`()
    async throws
  {
    let host = try await host(["image_bytes_max": "64KiB"])
    let good = blobs.keep(EncodedPicture.png(Scene(1).drawn(width: 20, height: 20)))
    let cut = blobs.keep(Array(EncodedPicture.png(Scene(2).drawn(width: 20, height: 20)).dropLast(30)))
    let gif = blobs.keep(Array("GIF89a".utf8) + [1, 0, 1, 0])
    let large = blobs.keep([UInt8](repeating: 0, count: 65_537))
    let absent = String(repeating: "0", count: 64)
    let away = blobs.keep([1])
    blobs.failures.withLock { $0[away] = .error("its file is gone") }
    let answer = try await host.request(request(images([cut, good, gif, large, absent, away])))
    let vectors = answer["vectors"]?.arrayValue ?? []
    #expect(vectors.map(\.isNull) == [true, false, true, true, true, true])
    #expect(
      answer["refused"] == [
        ["index": 0, "reason": "image/png: expected more bytes, found the end", "again": false],
        ["index": 2, "reason": "expected PNG, JPEG or WebP, found image/gif", "again": false],
        ["index": 3, "reason": "expected at most 65536 bytes, found 65537", "again": false],
        [
          "index": 4, "reason": .string("expected a blob of attachments, found none of \(absent)"), "again": false,
        ],
        ["index": 5, "reason": "its file is gone", "again": true],
      ],
      "\(answer["refused"] ?? .null)"
    )
    try await host.stop()
  }

  @Test func `what is wrong with a picture is known the next time, and what passes is tried again`() async throws {
    let host = try await host()
    let cut = blobs.keep(Array(EncodedPicture.png(Scene(2).drawn(width: 20, height: 20)).dropLast(30)))
    let away = blobs.keep([1])
    blobs.failures.withLock { $0[away] = .error("its file is gone") }
    let first = try await host.request(request(images([cut, away])))
    #expect(first["refused"]?.arrayValue?.map { $0["again"] } == [false, true])
    blobs.failures.withLock { $0[cut] = .error("it is not asked for again") }
    #expect(try await host.request(request(images([cut, away]))) == first)
    let gets = host.record.requested.count { $0.envelope.topic.hasSuffix("blobs.get") }
    #expect(gets == 3)
    try await host.stop()
  }

  @Test func `a storage that takes too long is no storage that is not there`() async throws {
    let host = try await host()
    let slow = blobs.keep([1])
    blobs.failures.withLock { $0[slow] = .failure(PROMETHEAN_TIMEOUT, "the deadline passed") }
    #expect(await refusal(host, request(images([slow]))) == "the time was up before all pictures were read")
    try await host.stop()
  }

  @Test func `a picture counts for its bytes or its pixels, whichever are more, and fills a batch at most by these`() {
    func pixels(_ width: UInt32, _ height: UInt32, more: Int = 0) -> Int {
      Subject.picture(EncodedPicture.bomb(width: width, height: height) + [UInt8](repeating: 0, count: more)).cost
    }
    #expect(pixels(20, 20) == BatchLimits.pictureCostMin)
    #expect(pixels(4_000, 4_096) == 1_000)
    #expect(pixels(8_192, 8_192) == BatchLimits.costMax)
    #expect(pixels(.max, .max) == BatchLimits.costMax)
    #expect(pixels(20, 20, more: 1 << 20) == 1_024)
    // What says nothing of its pixels where they are looked for may have any number; what is none is not decoded.
    #expect(Subject.picture([0xff, 0xd8, 0xff, 0xd9]).cost == BatchLimits.costMax)
    #expect(Subject.picture(Array("GIF89a".utf8)).cost == BatchLimits.pictureCostMin)
  }

  @Test func `a picture that is known to one tenant is none of another's`() async throws {
    let host = try await host()
    let known = blobs.keep(EncodedPicture.png(Scene(1).drawn(width: 20, height: 20)))
    #expect(try await host.request(request(images([known])))["refused"] == [])
    let other = try await host.request(request(images([known]), tenant: "other"))
    #expect(other["vectors"] == [nil])
    #expect(other["refused"]?.arrayValue?.first?["again"] == false)
    // The one who has it has it from memory.
    let gets = host.record.requested.count { $0.envelope.topic.hasSuffix("blobs.get") }
    #expect(try await host.request(request(images([known])))["refused"] == [])
    #expect(host.record.requested.count { $0.envelope.topic.hasSuffix("blobs.get") } == gets)
    try await host.stop()
  }

  @Test func `without pictures the model is told, and nothing asked of the storage`() async throws {
    let host = try await host()
    let answer = try await host.request(request(["images": []]))
    #expect(answer["vectors"] == [] && answer["models"]?.arrayValue?.first?["name"] == "looks")
    #expect(host.record.requested.isEmpty)
    try await host.stop()
  }

  @Test func `a storage that nobody serves fails the request, which may come again`() async throws {
    let host = FakeHost(
      EmbedderPlugin.self,
      config: ["models": [["name": .string(model), "engine": "image-descriptor"]]],
      missing: ["promethean.clock/1"]
    )
    try await host.boot()
    let digest = String(repeating: "a", count: 64)
    #expect(await refusal(host, request(images([digest]))) == "storage: nobody serves it")
    try await host.stop()
  }

  private static let sha256 = String(repeating: "a", count: 64)

  static let wrong: [(JSON, String)] = [
    ([], "payload: expected object, found empty array"),
    ([:], "images: expected a list of images, found null"),
    (["images": [1]], "images[0]: expected object, found"),
    (
      ["images": [["collection": "attachments"]]],
      "images[0].sha256: expected a SHA-256 in 64 lower-case digits, found"
    ),
    (
      ["images": [["collection": "attachments", "sha256": .string(sha256.uppercased())]]],
      "images[0].sha256: expected a SHA-256 in 64 lower-case digits, found"
    ),
    (
      ["images": [["collection": "attachments", "sha256": .string(String(repeating: "+1", count: 32))]]],
      "images[0].sha256: expected a SHA-256 in 64 lower-case digits, found"
    ),
    (["images": [["sha256": .string(sha256)]]], "images[0].collection: expected a collection such as"),
    (
      ["images": [["collection": "a", "sha256": .string(sha256), "url": "x"]]],
      "images[0].url: unknown; known are collection, sha256"
    ),
    (["images": .array(Array(repeating: [:], count: 33))], "images: expected at most 32, which"),
    (["texts": ["one"]], "texts: unknown; known are images, priority"),
    (["images": [], "priority": "soon"], "priority: expected live or backfill, found"),
  ]

  @Test(arguments: wrong)
  func `a request that cannot be is refused in words that say why`(payload: JSON, words: String) async throws {
    let host = try await host()
    let found = await refusal(host, request(payload))
    #expect(found.hasPrefix(words), "\(found)")
    try await host.stop()
  }

  @Test func `a model of texts makes none of pictures, and the other way round`() async throws {
    let host = try await host()
    let pictures = await refusal(host, request(["images": []], model: "feature-hashing"))
    #expect(pictures == #"resource: expected a model, one of looks, found "feature-hashing""#)
    let texts = await refusal(host, EmbedderFixture.envelope(["texts": ["x"]], model: model))
    #expect(texts == #"resource: expected a model, one of feature-hashing, found "looks""#)
    try await host.stop()
  }
}
