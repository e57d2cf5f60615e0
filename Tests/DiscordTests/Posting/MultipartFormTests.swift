import Foundation
import PluginKit
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes))) struct MultipartFormTests {
  /// What Python's mail parser, which is none of ours, reads in a form: name, file name, media type and digest of each.
  private func read(_ contentType: String, _ body: [UInt8]) throws -> JSON {
    let script = """
      import email.parser, email.policy, hashlib, json, sys
      head = ("Content-Type: " + sys.argv[1] + "\\r\\n\\r\\n").encode()
      form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + sys.stdin.buffer.read())
      assert not form.defects and form.get_content_type() == "multipart/form-data", form.defects
      print(json.dumps([
        [p.get_param("name", header="content-disposition"), p.get_filename() or "", p.get_content_type(),
         hashlib.sha256(p.get_payload(decode=True)).hexdigest()] for p in form.iter_parts()]))
      """
    let directory = try TemporaryDirectory()
    let file = URL(filePath: directory.path).appending(path: "body")
    try Data(body).write(to: file)
    let (python, output) = (Process(), Pipe())
    python.executableURL = URL(filePath: "/usr/bin/env")
    python.arguments = ["python3", "-c", script, contentType]
    python.standardInput = try FileHandle(forReadingFrom: file)
    python.standardOutput = output
    try python.run()
    let said = try output.fileHandleForReading.readToEnd() ?? Data()
    python.waitUntilExit()
    return try JSON.parse([UInt8](said))
  }

  private func digest(_ bytes: [UInt8]) -> JSON {
    .string(Hex.encode(SHA256.digest(bytes)))
  }

  @Test func `another reader finds the message and each file byte for byte, whatever they hold`() throws {
    let boundary = "--promethean-seed"
    let nasty: [[UInt8]] = [
      [], Array("\r\n".utf8), Array("\r\n\(boundary)\r\n\r\n\(boundary)--\r\n".utf8), (0...255).map { UInt8($0) },
      Array("--promethean-seed-".utf8), [UInt8](repeating: 0, count: 70_000), Array("a\r\n--".utf8),
    ]
    let files = nasty.enumerated().map {
      PostFile(name: "file-\($0.offset).bin", contentType: "image/png", bytes: $0.element)
    }
    let message: JSONObject = ["content": "–\r\n--promethean-seed\r\n"]
    let form = MultipartForm(message, files: files, seed: "seed")
    var expected: [JSON] = [["payload_json", "", "application/json", digest(JSON.object(message).bytes())]]
    for (index, file) in files.enumerated() {
      expected.append([.string("files[\(index)]"), .string(file.name), "image/png", digest(file.bytes)])
    }
    #expect(try read(form.contentType, form.body) == .array(expected))
  }

  @Test(arguments: [
    ("https://a.example/x/cat.png?size=1", "", "cat.png"), ("https://a.example/", "image/png", "file.png"),
    ("https://a.example/plain", "text/plain; charset=utf-8", "plain.txt"),
    ("https://a.example/.htaccess", "", "htaccess"),
    ("https://a.example/my%20caf%C3%A9.png", "", "my_caf__.png"),
    ("https://a.example/a%22%0d%0ab.png", "", "a___b.png"),
    ("https://a.example/a%2F..%2Fb%zz%", "", "a_.._b_zz_"), ("https://a.example/a;b=\"c\".png", "", "a_b__c_.png"),
    (
      "https://a.example/" + String(repeating: "x", count: 300) + ".png", "", String(repeating: "x", count: 96) + ".png"
    ),
  ])
  func `a file's name is the end of its path, of harmless characters`(url: String, type: String, name: String) throws {
    #expect(PostFile.name(of: try #require(WebURL(url)), contentType: type) == name)
  }

  @Test(arguments: [
    ("image/png", "image/png"), ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
    ("", "application/octet-stream"), ("png", "application/octet-stream"), ("a/b\r\nX: y", "application/octet-stream"),
    ("a/ü", "application/octet-stream"),
  ])
  func `a media type stays on its line`(type: String, sent: String) {
    #expect(PostFile(name: "x", contentType: type, bytes: []).contentType == sent)
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func `a digest is that of the standard's examples`(text: String, expected: String) {
    #expect(digest(Array(text.utf8)) == .string(expected))
  }
}
