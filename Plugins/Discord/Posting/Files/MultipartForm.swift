internal import PluginKit

/// A message with files, as `multipart/form-data` (RFC 7578): the message as `payload_json`, each file as `files[n]`.
struct MultipartForm {
  let contentType: String
  let body: [UInt8]

  /// Writes a form whose boundary begins with `seed`, and goes on until it occurs in nothing that is sent.
  init(_ message: JSONObject, files: [PostFile], seed: String) {
    let json = JSON.object(message).bytes()
    var boundary = "promethean-\(seed)"
    while ([json] + files.map(\.bytes)).contains(where: { Self.occurs(boundary, in: $0) }) { boundary += "-" }
    contentType = "multipart/form-data; boundary=\(boundary)"
    var body: [UInt8] = []
    body.reserveCapacity(files.reduce(json.count + 256) { $0 + $1.bytes.count + 512 })
    func add(_ disposition: String, _ type: String, _ bytes: [UInt8]) {
      body += "--\(boundary)\r\nContent-Disposition: form-data; \(disposition)\r\nContent-Type: \(type)\r\n\r\n".utf8
      body += bytes
      body += "\r\n".utf8
    }
    add("name=\"payload_json\"", "application/json", json)
    for (index, file) in files.enumerated() {
      add("name=\"files[\(index)]\"; filename=\"\(file.name)\"", file.contentType, file.bytes)
    }
    body += "--\(boundary)--\r\n".utf8
    self.body = body
  }

  private static func occurs(_ text: String, in bytes: [UInt8]) -> Bool {
    let text = Array(text.utf8)
    return bytes.indices.contains { bytes[$0] == text[0] && bytes[$0...].starts(with: text) }
  }
}
