/// Reads what a server sends, in whatever pieces it comes, and puts the fragments of messages together.
///
/// Each byte is copied once, from the piece it came in to the message it is of. After an error, and after a close frame,
/// nothing more is read.
package struct WebSocketDecoder: Sendable {
  /// Bytes of the largest message, all fragments of it together.
  package let messageSizeMax: Int

  /// A head that has not come whole.
  private var head: [UInt8] = []
  /// The frame whose payload is being read, and how much of it is missing.
  private var frame: (opcode: FrameHead.Opcode, isFinal: Bool, missing: Int)?
  /// The message that is being put together; nil between messages.
  private var message: (isText: Bool, bytes: [UInt8])?
  /// The payload of the control frame that is being read.
  private var control: [UInt8] = []
  private var isOver = false

  /// A decoder for what follows the opening handshake.
  package init(messageSizeMax: Int) {
    self.messageSizeMax = messageSizeMax
    head.reserveCapacity(FrameHead.sizeMax)
  }

  /// The next message, read from an offset into some bytes, which is moved behind what was used.
  ///
  /// - Returns: Nil when all bytes are used up.
  package mutating func next(
    in bytes: Span<UInt8>,
    from offset: inout Int
  ) throws(WebSocketError) -> WebSocketMessage? {
    do throws(WebSocketError) {
      while !isOver, frame != nil || offset < bytes.count {
        if frame == nil {
          guard let head = try readHead(bytes, &offset) else { continue }
          try begin(head)
        }
        if let message = try readPayload(bytes, &offset) { return message }
        if offset == bytes.count { return nil }
      }
    } catch {
      isOver = true
      throw error
    }
    offset = bytes.count
    return nil
  }

  /// Reads a head, from what is left of the piece before too.
  private mutating func readHead(_ bytes: Span<UInt8>, _ offset: inout Int) throws(WebSocketError) -> FrameHead? {
    if head.isEmpty, let whole = try FrameHead(bytes.extracting(offset...)) {
      offset += whole.size
      return whole
    }
    // It lies across pieces, which is rare: byte by byte, since only the head itself knows how long it is.
    while offset < bytes.count {
      head.append(bytes[offset])
      offset += 1
      guard let whole = try FrameHead(head.span) else { continue }
      head.removeAll(keepingCapacity: true)
      return whole
    }
    return nil
  }

  /// Checks a frame against those before it and against the limit, before any of its payload is kept.
  private mutating func begin(_ head: FrameHead) throws(WebSocketError) {
    if !head.opcode.isControl {
      let isContinuation = head.opcode == .continuation
      guard isContinuation == (message != nil) else {
        throw WebSocketError(
          isContinuation
            ? "a continuation frame: expected a message that was begun, found none"
            : "a frame: expected the next fragment of the message that was begun, found another message"
        )
      }
      let size = UInt64(message?.bytes.count ?? 0) + head.length
      guard size <= messageSizeMax else {
        throw WebSocketError("a message: expected at most \(messageSizeMax) bytes, found one of at least \(size)")
      }
      if !isContinuation {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(head.length))
        message = (head.opcode == .text, bytes)
      }
    }
    frame = (head.opcode, head.isFinal, Int(head.length))
  }

  /// Keeps what there is of the payload; returns what ends with it.
  private mutating func readPayload(
    _ bytes: Span<UInt8>,
    _ offset: inout Int
  ) throws(WebSocketError) -> WebSocketMessage? {
    guard let (opcode, isFinal, missing) = frame else { return nil }
    let piece = bytes.extracting(offset..<min(bytes.count, offset + missing))
    offset += piece.count
    if opcode.isControl { control.append(piece) } else { message?.bytes.append(piece) }
    frame?.missing = missing - piece.count
    guard piece.count == missing else { return nil }
    frame = nil
    if opcode.isControl { return try finishControl(opcode) }
    guard isFinal, let (isText, whole) = message else { return nil }
    message = nil
    guard isText else { return .binary(whole) }
    guard (try? UTF8Span(validating: whole.span)) != nil else {
      throw WebSocketError("a text message: expected UTF-8, found other bytes")
    }
    return .text(whole)
  }

  private mutating func finishControl(_ opcode: FrameHead.Opcode) throws(WebSocketError) -> WebSocketMessage {
    defer { control = [] }
    switch opcode {
    case .ping: return .ping(control)
    case .pong: return .pong(control)
    default:
      isOver = true
      return .close(try WebSocketClose(control))
    }
  }
}

extension Array<UInt8> {
  /// Adds bytes in one go.
  fileprivate mutating func append(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}
