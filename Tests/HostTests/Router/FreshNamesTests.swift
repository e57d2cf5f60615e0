internal import Envelope
@testable internal import Host
internal import Testing

@Suite struct FreshNamesTests {
  @Test func `a fresh trace is a traceparent, and its identity is the one that is read from it`() throws {
    let names = FreshNames()
    for _ in 0..<1000 {
      let (text, identity) = unsafe names.nextTrace()
      #expect(unsafe HopTable.identity(of: text) == identity)
      #expect(unsafe Traceparent(String(decoding: text, as: UTF8.self)) != nil)
    }
  }

  @Test func `ids begin with the run's own prefix and count`() throws {
    let names = FreshNames()
    let ids = (0..<40).map { _ in unsafe String(decoding: names.nextID(), as: UTF8.self) }
    #expect(ids[0] == "\(names.run)-0000000000000001")
    #expect(ids[25] == "\(names.run)-000000000000001a")
    #expect(names.run.allSatisfy { $0.isHexDigit && !$0.isUppercase })
  }
}
