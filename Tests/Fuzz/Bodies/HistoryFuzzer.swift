import Envelope
import ProviderKit

@testable import Reddit

/// An order of history asks for what may be asked for, and says the same when it is written again.
enum HistoryOrderFuzzer {
  /// Bytes of the longest refusal: it is answered, and logged.
  private static let refusalMax = 1_024

  static func run(_ bytes: [UInt8]) throws {
    do {
      guard let order = try read(bytes) else { return }
      switch order {
      case .page(let wish):
        try hold((1...HistoryOrder.limitMax).contains(wish.limit), "a page of \(wish.limit)")
        try hold(wish.until.map { (0...Int64.max / 1_000_000).contains($0) } ?? true, "until \(wish.until ?? 0)")
        try isGiven(wish.before)
      case .spaces(let after): try isGiven(after)
      }
      try hold(try read(written(order).bytes()) == order, "an order that is read as another: \(order)")
    } catch let error as ProviderError {
      try hold("\(error)".utf8.count <= Self.refusalMax, "a refusal of \("\(error)".utf8.count) bytes")
    }
  }

  private static func read(_ bytes: [UInt8]) throws -> HistoryOrder? {
    let topic = "promethean.p.echo.t.demo.rest.request"
    return try HistoryOrder(Envelope(topic: topic, intent: "request", payload: bytes), of: "demo")
  }

  private static func isGiven(_ cursor: String?) throws {
    guard let cursor else { return }
    try hold((1...HistoryOrder.cursorMax).contains(cursor.utf8.count), "a cursor of \(cursor.utf8.count) bytes")
  }

  private static func written(_ order: HistoryOrder) -> JSON {
    switch order {
    case .page(let wish):
      [
        "tenant": "demo",
        "history": [
          "space_urn": .string(wish.space.description), "before": wish.before.map { .string($0) } ?? nil,
          "until": wish.until.map { .int($0) } ?? nil, "limit": .int(Int64(wish.limit)),
        ],
      ]
    case .spaces(let after): ["spaces": ["after": after.map { .string($0) } ?? nil]]
    }
  }
}

/// A cursor that is read is one that is written, and the walk that goes on from it does not end the process.
enum HistoryCursorFuzzer {
  static func run(_ bytes: [UInt8]) throws {
    guard let text = String(validating: bytes, as: UTF8.self), text.utf8.count <= HistoryOrder.cursorMax,
      var cursor = try? HistoryCursor(text)
    else { return }
    if let written = cursor.text { try hold(written == text, "a cursor that is written as another: \(written)") }
    try hold(cursor.fronts.count == 2, "\(cursor.fronts.count) listings")
    for front in cursor.fronts {
      try hold(front.count >= 0 && front.anchors.count <= HistoryCursor.anchorsMax, "\(front)")
    }
    _ = cursor.complete
    guard let next = cursor.next else { return }
    // As a page of a listing does.
    cursor.fronts[next].add(HistoryOrder.limitMax)
    try hold(cursor.text.map { (try? HistoryCursor($0)) != nil } ?? true, "a page further it is none")
  }
}
