import Envelope
import TestSupport
import Testing

@Suite("Numbers in JSON")
struct JSONNumberTests {
  @Test(
    arguments: [
      ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
      ("1000000000000000000", 1_000_000_000_000_000_000),
      ("9223372036854775808", .double(9223372036854775808)), ("-9223372036854775809", .double(-9223372036854775808)),
      ("99999999999999999999999", .double(1e23)), ("1.0", 1.0), ("1e0", 1.0), ("1E+2", 100.0), ("1e-2", 0.01),
      ("-0", -0.0),
      ("0e9", 0.0), ("0.1", 0.1), ("5e-324", .double(.leastNonzeroMagnitude)), ("1e-400", 0.0),
      ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)),
      ("123456789.125", 123456789.125),
    ] as [(String, JSON)]
  )
  func `a number is whole if it can be`(text: String, value: JSON) throws {
    #expect(try JSON.parse(text) == value)
    #expect(try JSON.parse("[\(text)]") == [value])
  }

  @Test(arguments: [
    "+1", "-", "-a", "01", "-01", "00", "1.", ".5", "-.5", "1.e3", "1e", "1e+", "1e-", "1E", "1.5.5", "1e5e5", "0x10",
    "1_000", "1,5",
    "-Infinity", "1e309", "-1e309", "١", "--1",
  ])
  func `text that is no number is refused`(text: String) {
    #expect(throws: JSONError.self) { try JSON.parse(text) }
  }

  @Test func `a double's text is the shortest that says it`() throws {
    for (value, text) in [
      (0.1, "0.1"), (1e21, "1e+21"), (1.0, "1.0"), (-0.0, "-0.0"), (1e-7, "1e-07"), (.leastNonzeroMagnitude, "5e-324"),
    ] {
      #expect(JSON.double(value).text == text)
    }
    var random = SeededRandom(seed: 3)
    for _ in 0..<20_000 {
      let value = Double(bitPattern: random.next())
      guard value.isFinite else { continue }
      let read = try JSON.parse(JSON.double(value).bytes())
      guard case .double(let back) = read else {
        Issue.record("\(value) came back as \(read)")
        continue
      }
      #expect(back.bitPattern == value.bitPattern)
    }
  }

  @Test func `what is no number is written as null`() {
    #expect(JSON.array([.double(.nan), .double(.infinity), .double(-.infinity)]).text == "[null,null,null]")
  }

  @Test func `a number can be asked for as whole when it is`() {
    #expect(JSON.int(.min).intValue == .min)
    #expect(JSON.double(3).intValue == 3)
    #expect(JSON.double(3.5).intValue == nil)
    #expect(JSON.double(1e19).intValue == nil)
    #expect(JSON.double(.nan).intValue == nil)
    #expect(JSON.int(2).doubleValue == 2)
    #expect(JSON.string("2").intValue == nil)
  }
}
