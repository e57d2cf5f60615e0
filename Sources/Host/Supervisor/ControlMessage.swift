internal import CChannel

/// A message on a runner's control socket.
package struct ControlMessage: Sendable, Equatable {
  /// One of the WIRE_ numbers for control messages.
  package var kind: UInt32
  /// A PROMETHEAN_ status, where the kind has one.
  package var status: Int32
  /// A level, a stage: what the kind says.
  package var token: UInt64
  package var body: [UInt8]

  package init(kind: UInt32, status: Int32 = 0, token: UInt64 = 0, body: [UInt8] = []) {
    self.kind = kind
    self.status = status
    self.token = token
    self.body = body
  }

  /// The body as text for people.
  ///
  /// The runner is not trusted to send UTF-8.
  package var text: String { String(decoding: body, as: UTF8.self) }

  static let headSize = MemoryLayout<wire_control>.size

  /// The message in some bytes, `nil` if they are fewer than a head.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= Self.headSize else { return nil }
    let head = unsafe bytes.loadUnaligned(as: wire_control.self)
    unsafe self.init(kind: head.kind, status: head.status, token: head.token, body: [UInt8](bytes[Self.headSize...]))
  }

  func encode() -> [UInt8] {
    let head = wire_control(kind: kind, status: status, token: token)
    return unsafe withUnsafeBytes(of: head) { unsafe [UInt8]($0) } + body
  }
}
