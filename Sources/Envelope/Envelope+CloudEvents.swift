// The mapping is written down in docs/envelope.md and schemas/envelope.cloudevents.json.

extension Envelope {
  /// The version of CloudEvents that is written and read.
  public static let cloudEventsVersion = "1.0"

  private static let sourcePrefix = "urn:promethean:"
  private static let typePrefix = "promethean."
  /// Levels of JSON that are left for what an event is carried in, such as an answer on the admin socket.
  private static let levelsAround = 16

  /// The envelope as CloudEvents 1.0.2 JSON, for whatever lies outside the host.
  ///
  /// Attributes that are empty or zero are absent. A payload of JSON is `data`, and comes back as the same value in one
  /// line; any other payload comes back byte for byte, and so does JSON with a whole number beyond 64 bits.
  public var cloudEvent: JSON {
    var event = JSONObject()
    event["specversion"] = .string(Self.cloudEventsVersion)
    event["id"] = .string(id)
    event["source"] = .string(Self.sourcePrefix + TokenRule.percentEncoded(src, keeping: ":"))
    event["type"] = .string(cloudEventType)
    event["time"] = ts == 0 ? nil : .string(Timestamp(nanoseconds: ts).description)
    for (name, field) in Self.textAttributes {
      let text = self[keyPath: field]
      event[name] = text.isEmpty ? nil : .string(text)
    }
    event["kind"] = .string(Kind(flags).rawValue)
    event["origin"] = .string(origin.name)
    event["hops"] = hops == 0 ? nil : .int(Int64(hops))
    event["attempt"] = attempt == 0 ? nil : .int(Int64(attempt))
    event["expirytime"] = deadline == 0 ? nil : .string(Timestamp(nanoseconds: deadline).description)
    if let data = Self.isJSON(contentType) ? Self.exactJSON(payload) : nil {
      event["data"] = data
    } else if !payload.isEmpty {
      event["data_base64"] = .string(Base64.encode(payload))
    }
    return .object(event)
  }

  /// Creates an envelope from CloudEvents 1.0.2 JSON.
  ///
  /// Attributes that have no field are left out. A type that is not ours is the intent as it stands.
  public init(cloudEvent json: JSON) throws(PayloadError) {
    let reader = try PayloadReader(json)
    _ = try reader.required("specversion", "\"\(Self.cloudEventsVersion)\"") { $0 == "1.0" ? true : nil }
    self.init()
    id = try reader.string("id")
    let source = try reader.string("source")
    src = Self.src(ofSource: source)
    intent = Self.intent(ofType: try reader.identifier("type"))
    ts = try reader.time(ifPresent: "time")?.nanoseconds ?? 0
    for (name, field) in Self.textAttributes {
      self[keyPath: field] = try reader.string(ifPresent: name) ?? ""
    }
    flags = try reader.optional("kind", Kind.rule) { $0.stringValue.flatMap(Kind.init)?.flags } ?? []
    origin =
      try reader.optional("origin", "live, backfill or replay") { json in
        Origin.allCases.first { $0.name == json.stringValue }
      } ?? .live
    hops = try reader.count(ifPresent: "hops")
    attempt = try reader.count(ifPresent: "attempt")
    deadline = try reader.time(ifPresent: "expirytime")?.nanoseconds ?? 0
    payload = try Self.payload(reader, contentType: contentType)
  }

  /// The attributes that are text fields as they stand.
  private static var textAttributes: [(String, WritableKeyPath<Envelope, String>)] {
    [
      ("datacontenttype", \.contentType), ("topic", \.topic), ("providerid", \.provider), ("tenantid", \.tenant),
      ("partitionkey", \.key), ("traceparent", \.trace), ("correlationid", \.corr), ("replyto", \.reply),
      ("resource", \.resource), ("build", \.build), ("models", \.models), ("configrev", \.configRev),
    ]
  }

  // MARK: Type and source

  /// `promethean.<area>.<intent>`, with the area `any` for a topic that is none.
  private var cloudEventType: String {
    let area = (try? Topic(topic))?.area ?? "any"
    return Self.typePrefix + (intent.isEmpty ? area : "\(area).\(intent)")
  }

  private static func intent(ofType type: String) -> String {
    guard let rest = suffix(of: type, after: typePrefix) else { return type }
    // Bytes are compared, not characters: an intent may begin with a mark that would join the dot.
    let dot = rest.utf8.firstIndex(of: UInt8(ascii: "."))
    guard TokenRule.isArea(rest[..<(dot ?? rest.endIndex)]) else { return type }
    return dot.map { String(rest[rest.utf8.index(after: $0)...]) } ?? ""
  }

  private static func src(ofSource source: String) -> String {
    suffix(of: source, after: sourcePrefix).flatMap(TokenRule.percentDecoded) ?? source
  }

  private static func suffix(of text: String, after prefix: String) -> Substring? {
    guard text.utf8.starts(with: prefix.utf8) else { return nil }
    return text[text.utf8.index(text.startIndex, offsetBy: prefix.utf8.count)...]
  }

  // MARK: Payload

  private static func isJSON(_ contentType: String) -> Bool {
    let type = contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
    return type.isEmpty || type == "application/json" || type == "text/json" || type.hasSuffix("+json")
  }

  /// The value that some bytes say, unless it only comes near to what they say or is too deep to stand in an event.
  private static func exactJSON(_ bytes: [UInt8]) -> JSON? {
    var parser = JSONParser(bytes, depth: levelsAround)
    guard let value = try? parser.document(), !parser.hasRounded else { return nil }
    return value
  }

  private static func payload(_ reader: PayloadReader, contentType: String) throws(PayloadError) -> [UInt8] {
    let bytes = try reader.optional("data_base64", "base64 text") { $0.stringValue.flatMap(Base64.decode) }
    guard let data = reader.any(ifPresent: "data") else { return bytes ?? [] }
    guard bytes == nil else {
      throw PayloadError(key: "data_base64", expected: "one of data and data_base64", found: "both")
    }
    // Text of another media type stands in the JSON as a string, whose quotes are not part of it.
    if !isJSON(contentType), let text = data.stringValue { return Array(text.utf8) }
    return data.bytes()
  }
}

/// What an envelope is in a request, in one word.
private enum Kind: String {
  case event, request, response, error

  static let rule = "event, request, response or error"

  init(_ flags: Envelope.Flags) {
    self =
      flags.contains(.error)
      ? .error : flags.contains(.response) ? .response : flags.contains(.request) ? .request : .event
  }

  var flags: Envelope.Flags {
    switch self {
    case .event: []
    case .request: .request
    case .response: .response
    case .error: [.response, .error]
    }
  }
}

extension PayloadReader {
  fileprivate func count(ifPresent key: String) throws(PayloadError) -> UInt32 {
    try optional(key, "integer from 0 to \(UInt32.max)") { $0.intValue.flatMap(UInt32.init(exactly:)) } ?? 0
  }
}
