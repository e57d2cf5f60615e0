import Envelope
import TestSupport
import Testing

@testable import Host

@Suite struct ReplyHandleTests {
  private let directory: TemporaryDirectory
  private let handles: ReplyHandles
  private let place = ReplyPlace(
    plugin: "brain",
    provider: "echo",
    tenant: "demo",
    space: "urn:echo:space:demo:lobby",
    message: "echo:demo:SocialMessageCreated:1"
  )

  init() throws {
    directory = try TemporaryDirectory()
    handles = ReplyHandles(key: try ReplyKey(path: directory.file("reply.key")))
  }

  private func refusal(
    _ handle: String,
    by plugin: String = "brain",
    provider: String = "echo",
    tenant: String = "demo",
    now: Int64 = 999
  ) -> String? {
    do throws(ReplyHandles.Invalid) {
      _ = try handles.verify(handle, by: plugin, provider: provider, tenant: tenant, now: now)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `a handle leads back to where it came from, also after a restart`() throws {
    let handle = handles.mint(place, expiry: 1000)
    #expect(try handles.verify(handle, by: "brain", provider: "echo", tenant: "demo", now: 999) == place)
    let again = ReplyHandles(key: try ReplyKey(path: directory.file("reply.key")))
    #expect(try again.verify(handle, by: "brain", provider: "echo", tenant: "demo", now: 0) == place)
  }

  @Test func `a handle is nobody else's, of no other tenant, and ends`() throws {
    let handle = handles.mint(place, expiry: 1000)
    #expect(refusal(handle, by: "indexer") == "it was not given to indexer for a message of echo/demo")
    #expect(refusal(handle, tenant: "other") == "it was not given to brain for a message of echo/other")
    #expect(refusal(handle, provider: "discord") == "it was not given to brain for a message of discord/demo")
    #expect(refusal(handle, now: 1000) == "it expired at 1970-01-01T00:00:00.000001Z")
    let stranger = ReplyHandles(key: try ReplyKey(path: directory.file("other.key")))
    #expect(refusal(stranger.mint(place, expiry: 1000))?.hasPrefix("it was not given") == true)
  }

  @Test func `a handle that is changed in any bit allows nothing`() throws {
    let bytes = try #require(Base64.decode(handles.mint(place, expiry: 1000)))
    for bit in 0..<bytes.count * 8 {
      var changed = bytes
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(refusal(Base64.encode(changed)) != nil, "bit \(bit)")
    }
    for count in 0..<bytes.count { #expect(refusal(Base64.encode(Array(bytes.prefix(count)))) != nil) }
    #expect(refusal("") == "it is no handle")
    #expect(refusal("urn:echo:space:demo:lobby") == "it is no handle")
  }

  @Test func `where one text ends and the next begins is part of what is signed`() throws {
    var moved = place
    moved.space += "e"
    moved.message.removeFirst()
    #expect(handles.mint(moved, expiry: 1000) != handles.mint(place, expiry: 1000))
    let bytes = try #require(Base64.decode(handles.mint(place, expiry: 1000)))
    var shifted = bytes
    shifted[25] += 1
    #expect(refusal(Base64.encode(shifted))?.hasPrefix("it was not given") == true)
  }

  @Test func `a key of another length is not used`() throws {
    let path = directory.file("short.key")
    try directory.write("short.key", [1, 2, 3])
    #expect(throws: HostError.self) { try ReplyKey(path: path) }
  }
}
