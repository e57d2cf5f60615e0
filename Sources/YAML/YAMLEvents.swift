internal import CYAML

/// What libyaml says next about a text.
struct YAMLEvent {
  enum Kind: Equatable {
    case streamStart, streamEnd, documentStart, documentEnd
    case scalar(YAMLScalar)
    case sequenceStart, sequenceEnd, mappingStart, mappingEnd

    var isCollection: Bool { self == .sequenceStart || self == .mappingStart }
  }

  var kind: Kind
  var mark: YAMLMark
}

/// libyaml's parser over a text that it keeps alive.
///
/// A class because libyaml's parser may not move in memory. Not for more than one thread.
@safe final class YAMLEvents {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let text: UnsafeMutableBufferPointer<UInt8>

  init(_ bytes: [UInt8]) {
    unsafe text = .allocate(capacity: bytes.count)
    _ = unsafe text.initialize(from: bytes)
    unsafe parser = .allocate(capacity: 1)
    // It fails only when memory is short, which Swift itself does not survive either.
    guard unsafe yaml_parser_initialize(parser) == 1 else { fatalError("out of memory") }
    unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    unsafe yaml_parser_set_input_string(parser, text.baseAddress, text.count)
  }

  deinit {
    unsafe yaml_parser_delete(parser)
    unsafe parser.deallocate()
    unsafe text.deallocate()
  }

  /// Reads the next event; anchors, aliases and tags are refused here, with their places.
  func next() throws(YAMLError) -> YAMLEvent {
    var event = unsafe yaml_event_t()
    guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw failure }
    defer { unsafe yaml_event_delete(&event) }
    let mark = unsafe YAMLMark(event.start_mark)
    return YAMLEvent(kind: unsafe try kind(of: event, at: mark), mark: mark)
  }

  private func kind(of event: yaml_event_t, at mark: YAMLMark) throws(YAMLError) -> YAMLEvent.Kind {
    switch unsafe event.type {
    case YAML_STREAM_START_EVENT: return .streamStart
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    case YAML_ALIAS_EVENT:
      throw YAMLError(mark: mark, message: "aliases are not supported; write the value out, or put a text in quotes")
    case YAML_SEQUENCE_START_EVENT:
      let start = unsafe event.data.sequence_start
      unsafe try refuse(anchor: start.anchor, tag: start.tag, at: mark)
      return .sequenceStart
    case YAML_MAPPING_START_EVENT:
      let start = unsafe event.data.mapping_start
      unsafe try refuse(anchor: start.anchor, tag: start.tag, at: mark)
      return .mappingStart
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      unsafe try refuse(anchor: scalar.anchor, tag: scalar.tag, at: mark)
      let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      guard !(unsafe bytes.contains(0)) else { throw YAMLError(mark: mark, message: "a text may not contain U+0000") }
      let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
      return .scalar(YAMLScalar(unsafe String(decoding: bytes, as: UTF8.self), isPlain: isPlain))
    default: return .streamEnd
    }
  }

  private func refuse(
    anchor: UnsafeMutablePointer<yaml_char_t>?,
    tag: UnsafeMutablePointer<yaml_char_t>?,
    at mark: YAMLMark
  ) throws(YAMLError) {
    if unsafe anchor != nil {
      throw YAMLError(mark: mark, message: "anchors are not supported; write the value out where it is used")
    }
    if unsafe tag != nil { throw YAMLError(mark: mark, message: "tags are not supported") }
  }

  private var failure: YAMLError {
    let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "out of memory"
    let context = unsafe parser.pointee.context.map { unsafe String(cString: $0) + ": " } ?? ""
    // A broken byte has no mark of its own: the scanner has come as far as `mark`.
    let isReader = unsafe parser.pointee.error == YAML_READER_ERROR
    let mark = unsafe isReader ? position(ofByte: parser.pointee.problem_offset) : YAMLMark(parser.pointee.problem_mark)
    let isAlias = context.hasPrefix("while scanning an alias")
    let hint = isAlias ? "; a text that begins with * needs quotes" : ""
    return YAMLError(mark: mark, message: context + problem + hint)
  }

  private func position(ofByte offset: Int) -> YAMLMark {
    var mark = YAMLMark(line: 1, column: 1)
    for byte in unsafe Array(text.prefix(offset)) {
      if byte == UInt8(ascii: "\n") {
        mark = YAMLMark(line: mark.line + 1, column: 1)
      } else if byte & 0xC0 != 0x80 {
        mark.column += 1
      }
    }
    return mark
  }
}

extension YAMLMark {
  fileprivate init(_ mark: yaml_mark_t) {
    self.init(line: mark.line + 1, column: mark.column + 1)
  }
}
