/// How many plugins a trace had passed when it came to each instance, as far as this host remembers.
///
/// A plugin does not say what made it send something, but what it sends goes on with the trace of what it was sent.
/// What one instance sends in one trace has passed one plugin more than what it was sent, however much it sends; only a
/// loop comes back with more each time. The table is direct-mapped and of one size: a trace that shares its place with
/// a busier one is forgotten, which makes a loop longer by a round.
struct HopTable {
  /// Plugins that one trace may pass: far above any pipeline, far below what a loop does in a second.
  static let limit: UInt32 = 64
  /// Traces remembered.
  private static let capacity = 1 << 14

  private var traces = [UInt64](repeating: 0, count: capacity)
  private var hops = [UInt32](repeating: 0, count: capacity)

  /// Notes that an envelope of a trace was delivered to an instance after that many hops.
  mutating func delivered(trace: UInt64, to instance: Int, hops count: UInt32) {
    let trace = Self.mix(trace, instance)
    let place = Int(truncatingIfNeeded: trace) & (Self.capacity - 1)
    guard traces[place] != trace || hops[place] < count else { return }
    traces[place] = trace
    hops[place] = count
  }

  /// The hops of an envelope by which an instance goes on with a trace.
  func next(trace: UInt64, from instance: Int) -> UInt32 {
    let trace = Self.mix(trace, instance)
    let place = Int(truncatingIfNeeded: trace) & (Self.capacity - 1)
    return traces[place] == trace ? hops[place] + 1 : 0
  }

  private static func mix(_ trace: UInt64, _ instance: Int) -> UInt64 {
    trace ^ UInt64(truncatingIfNeeded: instance + 1) &* 0x9e37_79b9_7f4a_7c15
  }

  /// The 64 bits of a W3C traceparent by which the trace is told from others; nil if it is malformed.
  ///
  /// The layout is `00-<32 hex>-<16 hex>-<2 hex>`: https://www.w3.org/TR/trace-context/#traceparent-header
  static func identity(of traceparent: UnsafeRawBufferPointer) -> UInt64? {
    guard traceparent.count == 55 else { return nil }
    var value: UInt64 = 0
    for index in 19..<35 {
      guard let digit = digit(unsafe traceparent[index]) else { return nil }
      value = value << 4 | digit
    }
    return value == 0 ? nil : value
  }

  private static func digit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
    default: nil
    }
  }
}
