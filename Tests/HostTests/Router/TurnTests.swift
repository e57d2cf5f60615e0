import CChannel
import Channel
import Envelope
import Testing

@testable import Host

/// Whose frames are read when several send.
@Suite struct TurnTests {
  private let harness: RouterHarness
  private let busy: FakePlugin
  private let silent: FakePlugin

  init() throws {
    harness = try RouterHarness()
    (busy, silent) = (try harness.start("echo@demo"), try harness.start("storage"))
    harness.read()
  }

  /// Sends as many frames as shorten a turn if another waits.
  private func send(_ plugin: FakePlugin) throws {
    let frame = try Envelope(topic: "promethean.p.echo.t.demo.events.Created", payload: Array("{}".utf8)).binary()
    for token in 1...UInt64(2 * Router.framesPerLook) { #expect(plugin.send(WIRE_PUBLISH, token: token, frame)) }
  }

  /// Has the host know of what the busy one has sent, and of nothing else, as when nobody else rings.
  private func pass() throws {
    try harness.instance("echo@demo").hasMore = true
    repeat { harness.router.pass() } while harness.router.hasWork
  }

  @Test func `one that does not ring is read behind one that does`() throws {
    try send(busy)
    try send(silent)
    try pass()
    for name in ["echo@demo", "storage"] {
      #expect(try harness.instance(name).process?.channel.hasFrames == false)
      #expect(try harness.instance(name).metrics.sent.value == UInt64(2 * Router.framesPerLook))
    }
    #expect(harness.violations.isEmpty)
  }

  @Test func `one that writes beside its ring without ringing is found out while another sends`() throws {
    try send(busy)
    silent.claim(UInt64.max - 7)
    try pass()
    // A host ends it then; here it is looked at again.
    #expect(Set(harness.violations) == ["\(ChannelError.corrupt)"])
  }
}
