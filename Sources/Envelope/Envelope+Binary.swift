internal import CEnvelope

extension Envelope {
  /// The version of the binary layout.
  public static let layoutVersion = UInt16(ENVELOPE_LAYOUT_VERSION)
  /// The size of the head, in bytes.
  public static let headSize = Int(ENVELOPE_HEAD_SIZE)
  /// The largest text field but `models`, in bytes.
  public static let fieldMax = Int(ENVELOPE_FIELD_MAX)
  /// The largest `models` field, in bytes.
  public static let modelsMax = Int(ENVELOPE_MODELS_MAX)
  /// The largest payload, in bytes.
  public static let payloadMax = Int(ENVELOPE_PAYLOAD_MAX)
  /// The names of the text fields, in the order of the layout.
  static let fieldNames = [
    "src", "provider", "tenant", "reply", "topic", "id", "intent", "key", "trace", "corr", "content_type", "resource",
    "build", "models", "config_rev",
  ]

  /// Returns the envelope in the binary layout that lies in the rings and in the journal.
  ///
  /// - Throws: `EnvelopeError` when a field or the payload is over its limit, or the flags are none that exist.
  public func binary() throws(EnvelopeError) -> [UInt8] {
    let head = try head()
    let size = Int(head.size)
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      var writer = unsafe Writer(free: UnsafeMutableRawBufferPointer(buffer))
      unsafe withUnsafeBytes(of: head) { unsafe writer.append($0) }
      unsafe forEachField { unsafe writer.append($0) }
      unsafe payload.withUnsafeBytes { unsafe writer.append($0) }
      count = size
    }
  }

  /// Creates an envelope from its binary layout, having checked all of it.
  public init(binary bytes: [UInt8]) throws(EnvelopeError) {
    try unsafe self.init(binary: bytes.span.bytes)
  }

  /// Creates an envelope from its binary layout, having checked all of it.
  public init(binary bytes: RawSpan) throws(EnvelopeError) {
    self = try unsafe bytes.withUnsafeBytes { (buffer) throws(EnvelopeError) in
      try unsafe Envelope(binary: buffer)
    }
  }

  /// Creates an envelope from its binary layout, having checked all of it.
  ///
  /// The bytes are copied, and must not change meanwhile: copy them out of shared memory first.
  public init(binary bytes: UnsafeRawBufferPointer) throws(EnvelopeError) {
    let head = try unsafe Self.checkedHead(bytes)
    guard let origin = Origin(rawValue: head.origin) else { throw .badOrigin(head.origin) }
    self.init()
    ts = head.ts
    deadline = head.deadline
    attempt = head.attempt
    hops = head.hops
    self.origin = origin
    flags = Flags(rawValue: head.flags)

    var reader = unsafe Reader(bytes: bytes, offset: Self.headSize)
    let length = head.length
    src = try unsafe reader.text(length.0, ENVELOPE_SRC)
    provider = try unsafe reader.text(length.1, ENVELOPE_PROVIDER)
    tenant = try unsafe reader.text(length.2, ENVELOPE_TENANT)
    reply = try unsafe reader.text(length.3, ENVELOPE_REPLY)
    topic = try unsafe reader.text(length.4, ENVELOPE_TOPIC)
    id = try unsafe reader.text(length.5, ENVELOPE_ID)
    intent = try unsafe reader.text(length.6, ENVELOPE_INTENT)
    key = try unsafe reader.text(length.7, ENVELOPE_KEY)
    trace = try unsafe reader.text(length.8, ENVELOPE_TRACE)
    corr = try unsafe reader.text(length.9, ENVELOPE_CORR)
    contentType = try unsafe reader.text(length.10, ENVELOPE_CONTENT_TYPE)
    resource = try unsafe reader.text(length.11, ENVELOPE_RESOURCE)
    build = try unsafe reader.text(length.12, ENVELOPE_BUILD)
    models = try unsafe reader.text(length.13, ENVELOPE_MODELS)
    configRev = try unsafe reader.text(length.14, ENVELOPE_CONFIG_REV)
    payload = unsafe reader.rest()
  }
}

extension Envelope {
  /// Calls a closure with the bytes of each text field, in the order of the layout.
  @inline(__always)
  private func forEachField(_ body: (UnsafeRawBufferPointer) -> Void) {
    func visit(_ text: String) {
      guard !text.isEmpty else { return }
      unsafe text.utf8Span.span.bytes.withUnsafeBytes { unsafe body($0) }
    }
    visit(src)
    visit(provider)
    visit(tenant)
    visit(reply)
    visit(topic)
    visit(id)
    visit(intent)
    visit(key)
    visit(trace)
    visit(corr)
    visit(contentType)
    visit(resource)
    visit(build)
    visit(models)
    visit(configRev)
  }

  /// The head that describes this envelope, its lengths checked.
  private func head() throws(EnvelopeError) -> envelope_head {
    guard payload.count <= Self.payloadMax else { throw .payloadTooLong(size: payload.count) }
    guard envelope_flags_exist(flags.rawValue) != 0 else { throw .badFlags(flags.rawValue) }
    var sum = Self.headSize + payload.count
    func length(_ text: String, _ field: Int32) throws(EnvelopeError) -> UInt16 {
      let size = text.utf8.count
      let limit = field == ENVELOPE_MODELS ? Self.modelsMax : Self.fieldMax
      guard size <= limit else {
        throw .fieldTooLong(field: Self.fieldNames[Int(field)], size: size, limit: limit)
      }
      sum += size
      return UInt16(size)
    }
    var head = envelope_head()
    head.version = Self.layoutVersion
    head.origin = origin.rawValue
    head.flags = flags.rawValue
    head.ts = ts
    head.deadline = deadline
    head.attempt = attempt
    head.hops = hops
    head.length = (
      try length(src, ENVELOPE_SRC), try length(provider, ENVELOPE_PROVIDER), try length(tenant, ENVELOPE_TENANT),
      try length(reply, ENVELOPE_REPLY), try length(topic, ENVELOPE_TOPIC), try length(id, ENVELOPE_ID),
      try length(intent, ENVELOPE_INTENT), try length(key, ENVELOPE_KEY), try length(trace, ENVELOPE_TRACE),
      try length(corr, ENVELOPE_CORR), try length(contentType, ENVELOPE_CONTENT_TYPE),
      try length(resource, ENVELOPE_RESOURCE), try length(build, ENVELOPE_BUILD), try length(models, ENVELOPE_MODELS),
      try length(configRev, ENVELOPE_CONFIG_REV)
    )
    head.payload = UInt32(payload.count)
    head.size = UInt32(sum)
    return head
  }

  /// The head of some bytes, after `envelope_check` has found that every field lies within them.
  private static func checkedHead(_ bytes: UnsafeRawBufferPointer) throws(EnvelopeError) -> envelope_head {
    guard let base = bytes.baseAddress, bytes.count >= headSize else { throw .truncated(size: bytes.count) }
    var head = envelope_head()
    let status = unsafe envelope_check(base.assumingMemoryBound(to: UInt8.self), UInt64(bytes.count), &head)
    guard status != ENVELOPE_OK else { return head }
    throw EnvelopeError(status: status, head: head, size: bytes.count)
  }
}

/// The free part of a buffer that is being filled.
@unsafe private struct Writer {
  var free: UnsafeMutableRawBufferPointer

  @inline(__always)
  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard unsafe !bytes.isEmpty else { return }
    unsafe free.copyMemory(from: bytes)
    unsafe free = UnsafeMutableRawBufferPointer(rebasing: free[bytes.count...])
  }
}

/// A place in bytes whose lengths have been checked.
@unsafe private struct Reader {
  let bytes: UnsafeRawBufferPointer
  var offset: Int

  @inline(__always)
  mutating func text(_ length: UInt16, _ field: Int32) throws(EnvelopeError) -> String {
    guard length > 0 else { return "" }
    let end = unsafe offset + Int(length)
    let slice = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<end]).assumingMemoryBound(to: UInt8.self)
    guard let span = try? unsafe UTF8Span(validating: slice.span) else {
      throw .notUTF8(field: Envelope.fieldNames[Int(field)])
    }
    unsafe offset = end
    return String(copying: span)
  }

  func rest() -> [UInt8] {
    unsafe Array(bytes[offset...])
  }
}

extension EnvelopeError {
  /// The error for a status of `envelope_check`, told with what the head says.
  fileprivate init(status: Int32, head: envelope_head, size: Int) {
    switch status {
    case ENVELOPE_TRUNCATED: self = .truncated(size: size)
    case ENVELOPE_BAD_VERSION: self = .badVersion(head.version)
    case ENVELOPE_FIELD_TOO_LONG: self = Self.tooLong(head)
    case ENVELOPE_PAYLOAD_TOO_LONG: self = .payloadTooLong(size: Int(head.payload))
    case ENVELOPE_BAD_ORIGIN: self = .badOrigin(head.origin)
    case ENVELOPE_BAD_FLAGS: self = .badFlags(head.flags)
    case ENVELOPE_RESERVED_NOT_ZERO: self = .reservedNotZero
    default: self = .badSize(stated: Self.statedSize(head, found: size), found: size)
    }
  }

  private static func lengths(_ head: envelope_head) -> [Int] {
    unsafe withUnsafeBytes(of: head.length) { unsafe $0.bindMemory(to: UInt16.self).map(Int.init) }
  }

  /// The first field that is over its limit.
  private static func tooLong(_ head: envelope_head) -> EnvelopeError {
    for (field, size) in lengths(head).enumerated() {
      let limit = field == ENVELOPE_MODELS ? Envelope.modelsMax : Envelope.fieldMax
      if size > limit { return .fieldTooLong(field: Envelope.fieldNames[field], size: size, limit: limit) }
    }
    return .badSize(stated: Int(head.size), found: 0)
  }

  /// The size that differs from what was found: the stated one, or else the sum of the lengths.
  private static func statedSize(_ head: envelope_head, found: Int) -> Int {
    guard Int(head.size) == found else { return Int(head.size) }
    return Envelope.headSize + Int(head.payload) + lengths(head).reduce(0, +)
  }
}
