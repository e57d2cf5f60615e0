import PluginKit
import Testing

struct ConfigTests {
  private let config = Config([
    "count": 7, "name": "duck", "loud": true, "wait": "250ms", "size": "64MiB", "plain": 4096, "tags": ["a", "b"],
    "inner": ["depth": 2], "mixed": ["a", 1], "nothing": nil, "ratio": 0.5,
  ])

  @Test func `values are read by their type`() throws {
    #expect(try config.int("count", in: 1...10) == 7)
    #expect(try config.string("name") == "duck")
    #expect(try config.bool("loud"))
    #expect(try config.duration("wait") == .milliseconds(250))
    #expect(try config.bytes("size") == 64 << 20)
    #expect(try config.bytes("plain") == 4096)
    #expect(try config.strings("tags") == ["a", "b"])
    #expect(try config.nested("inner").int("depth") == 2)
  }

  @Test func `a default stands for what is missing or null, and only for that`() throws {
    #expect(try config.int("missing", default: 5) == 5)
    #expect(try config.string("nothing", default: "x") == "x")
    #expect(try config.nested("missing").json.keys.isEmpty)
    #expect(throws: Config.Failure.self) { try config.int("name", default: 5) }
  }

  @Test(arguments: [("5s", 5000), ("10m", 600_000), ("2h", 7_200_000), ("0ms", 0)])
  func `a duration is a whole number and a unit`(text: String, milliseconds: Int) throws {
    #expect(try Config(["d": .string(text)]).duration("d") == .milliseconds(milliseconds))
  }

  @Test(arguments: ["", "5", "s", "-5s", "+5s", "5 s", "5d", "1.5s", "99999999999999999999s", "9223372036854775807h"])
  func `anything else is no duration`(text: String) {
    #expect(throws: Config.Failure.self) { try Config(["d": .string(text)]).duration("d") }
  }

  @Test func `an error names the key, what was expected and what was found`() {
    refused("config.batch_max: expected integer, found nothing") { try $0.int("batch_max") }
    refused(#"config.name: expected integer, found string "duck""#) { try $0.int("name") }
    refused("config.count: expected integer from 8 to 9, found 7") { try $0.int("count", in: 8...9) }
    refused("config.ratio: expected integer, found number 0.5") { try $0.int("ratio") }
    refused("config.count: expected string, found integer 7") { try $0.string("count") }
    refused(#"config.name: expected true or false, found string "duck""#) { try $0.bool("name") }
    refused(#"config.name: expected duration such as "5s", found string "duck""#) { try $0.duration("name") }
    refused(#"config.name: expected bytes such as "64MiB", found string "duck""#) { try $0.bytes("name") }
    refused("config.mixed: expected list of strings, found array") { try $0.strings("mixed") }
    refused("config.inner.depth: expected string, found integer 2") { try $0.nested("inner").string("depth") }
    refused(#"config.name: expected object, found string "duck""#) { try $0.nested("name") }
  }

  private func refused(
    _ message: String,
    at location: SourceLocation = #_sourceLocation,
    _ read: (Config) throws -> some Any
  ) {
    let error = #expect(throws: Config.Failure.self, sourceLocation: location) { _ = try read(config) }
    #expect(error?.description == message, sourceLocation: location)
  }
}
