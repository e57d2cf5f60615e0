internal import PluginKit

/// What a message of the gateway's says about itself, and where in it its data lie.
///
/// Found in one pass and without a tree, since most messages are large.
struct GatewayMessage {
  /// What a message is, `op`.
  ///
  /// Source: https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway
  enum Opcode: Int {
    case dispatch = 0
    case heartbeat = 1
    case identify = 2
    case presence = 3
    case resume = 6
    case reconnect = 7
    case invalidSession = 9
    case hello = 10
    case acknowledgement = 11
  }

  /// The number of what it is; one that is not an `Opcode` is to be passed over.
  private(set) var opcode = 0
  /// `s`, if it is an event.
  private(set) var sequence: Int64?
  /// `t`, if it is an event.
  private(set) var name: String?
  /// Where the value of `d` lies; empty if there is none.
  private(set) var data = 0..<0
  /// The value of `d`, if there is one; nil also where something in the message is no JSON.
  private(set) var view: JSONView?

  /// Reads the outermost object; nil if it is none, or has no `op`.
  init?(_ bytes: [UInt8], _ reader: inout JSONReader) {
    if let whole = try? reader.read(bytes, isUTF8: true) {
      self.init(whole, bytes)
    } else {
      self.init(outlineOf: bytes)
    }
  }

  private init?(_ whole: JSONView, _ bytes: [UInt8]) {
    guard let number = whole["op"].flatMap({ Self.number(bytes, $0.range) }), let opcode = Int(exactly: number) else {
      return nil
    }
    self.opcode = opcode
    sequence = whole["s"].flatMap { Self.number(bytes, $0.range) }
    name = whole["t"]?.string
    view = whole["d"]
    data = view?.range ?? 0..<0
  }

  /// Reads no more than where each value of the outermost object ends, so that one event whose data is no JSON, such as
  /// half of a character, does not end its session.
  private init?(outlineOf bytes: [UInt8]) {
    var op: Range<Int>?
    var s: Range<Int>?
    var t: Range<Int>?
    var d = 0..<0
    let isObject = JSONOutline.members(of: bytes, in: 0..<bytes.count) { key, value in
      switch (key.count, key.isEmpty ? 0 : bytes[key.lowerBound]) {
      case (1, UInt8(ascii: "d")): d = value
      case (1, UInt8(ascii: "s")): s = value
      case (1, UInt8(ascii: "t")): t = value
      case (2, UInt8(ascii: "o")) where bytes[key.lowerBound + 1] == UInt8(ascii: "p"): op = value
      default: break
      }
    }
    guard isObject, let op, let number = Self.number(bytes, op), let opcode = Int(exactly: number) else { return nil }
    self.opcode = opcode
    sequence = s.flatMap { Self.number(bytes, $0) }
    if let t, t.count >= 2, bytes[t.lowerBound] == UInt8(ascii: "\"") {
      name = String(decoding: bytes[t.lowerBound + 1..<t.upperBound - 1], as: UTF8.self)
    }
    data = d
  }

  /// The data as a tree, for the small messages that only the gateway itself reads; nil if it is no JSON.
  func json(of bytes: [UInt8]) -> JSON? {
    data.isEmpty ? nil : try? JSON.parse(bytes[data])
  }

  /// The texts of some members of the data, which may be large: only these members are read.
  func texts(_ names: [String], of bytes: [UInt8]) -> [String: String] {
    var found: [String: String] = [:]
    _ = JSONOutline.members(of: bytes, in: data) { key, value in
      let key = String(decoding: bytes[key], as: UTF8.self)
      guard names.contains(key), let text = (try? JSON.parse(bytes[value]))?.stringValue else { return }
      found[key] = text
    }
    return found
  }

  /// A whole number that is not negative, and nothing else.
  private static func number(_ bytes: [UInt8], _ range: Range<Int>) -> Int64? {
    var number: Int64 = 0
    for position in range {
      let digit = bytes[position] &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      let (shifted, overflow) = number.multipliedReportingOverflow(by: 10)
      let (sum, carry) = shifted.addingReportingOverflow(Int64(digit))
      if overflow || carry { return nil }
      number = sum
    }
    return range.isEmpty ? nil : number
  }
}
