import Envelope
import Testing

@Suite("Trace context")
struct TraceparentTests {
  private let trace = "0af7651916cd43dd8448eb211c80319c"
  private let span = "00f067aa0ba902b7"

  @Test func `text comes back`() throws {
    let text = "00-\(trace)-\(span)-01"
    let context = try #require(Traceparent(text))
    #expect(context.description == text)
    #expect(context.traceID == trace)
    #expect(context.spanID == span)
    #expect(context.isSampled)
    #expect(Traceparent("00-\(trace)-\(span)-00")?.isSampled == false)
  }

  @Test func `a later version is read as far as this one goes`() {
    #expect(Traceparent("cc-\(trace)-\(span)-01")?.description == "00-\(trace)-\(span)-01")
    #expect(Traceparent("cc-\(trace)-\(span)-01-what-follows")?.traceID == trace)
    #expect(Traceparent("cc-\(trace)-\(span)-01x") == nil)
  }

  @Test func `a flag that is not defined is not passed on`() {
    #expect(Traceparent("00-\(trace)-\(span)-ff")?.description == "00-\(trace)-\(span)-01")
  }

  @Test func `text that is no context is refused`() {
    let zeros = String(repeating: "0", count: 32)
    for text in [
      "", "00", "ff-\(trace)-\(span)-01", "00-\(zeros)-\(span)-01", "00-\(trace)-0000000000000000-01",
      "00-\(trace.uppercased())-\(span)-01", "00-\(trace)-\(span)-0A", "00-\(trace)-\(span)-01-",
      "00-\(trace)-\(span)-1",
      "00-\(trace)-\(span)", "00_\(trace)-\(span)-01", "00-\(trace)_\(span)-01", "00-\(trace)-\(span)_01",
      "0g-\(trace)-\(span)-01", " 0-\(trace)-\(span)-01", "00-\(trace.dropLast())g-\(span)-01",
      "00-\(trace)-\(span)-01\n",
    ] {
      #expect(Traceparent(text) == nil, "\(text)")
    }
  }

  @Test func `a child is another span of the same trace`() throws {
    let parent = Traceparent.begin()
    let child = parent.child()
    #expect(child.traceID == parent.traceID)
    #expect(child.spanID != parent.spanID)
    #expect(child.isSampled)
    #expect(Traceparent(child.description) == child)
    #expect(Traceparent.begin().traceID != parent.traceID)
  }
}
