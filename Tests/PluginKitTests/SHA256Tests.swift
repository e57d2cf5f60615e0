import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct SHA256Tests {
  // Of FIPS 180-2 and NIST's examples.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (
      String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ])
  func `a digest is that of the standard's examples`(text: String, digest: String) {
    #expect(Hex.encode(SHA256.digest(Array(text.utf8))) == digest)
  }

  @Test func `the last block is filled up rightly, however much is in it`() {
    // The digest of the digests of 0 to 199 bytes, so that each length before and behind each border counts.
    var all = SHA256()
    for count in 0..<200 { all.update(SHA256.digest((0..<count).map { UInt8($0) }).span) }
    #expect(Hex.encode(all.finish()) == "ba7b0fcea7d10c06b855b43d2b4dce1e3e842fff6be0acefb0faf4f2dd05bb47")
  }

  @Test func `it does not matter in which pieces bytes come`() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    for size in [1, 3, 55, 56, 63, 64, 65, 127, 128, 129, 500] {
      var digest = SHA256()
      for start in stride(from: 0, to: bytes.count, by: size) {
        digest.update(bytes.span.extracting(start..<min(start + size, bytes.count)))
      }
      #expect(digest.finish() == SHA256.digest(bytes), "pieces of \(size)")
    }
  }
}
