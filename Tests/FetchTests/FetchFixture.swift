import Foundation
import PluginKit
import TestSupport
import Testing

@testable import Fetch

/// The fetching service in a host made for tests, with a directory of its own, and a server to fetch from.
final class FetchFixture: Sendable {
  /// Started once, since a start takes half a second.
  private static let shared = Result { try WebServer(isSecure: true) }

  let server: WebServer
  let directory: TemporaryDirectory
  let host: FakeHost

  init(
    config: JSONObject = [:],
    dialAnswer: @escaping @Sendable (String, UInt16) -> FakeHost.Dialled = { .loopback($1) }
  )
    async throws
  {
    server = try Self.shared.get()
    directory = try TemporaryDirectory()
    host = try await Self.boot(directory, server, config, dialAnswer)
  }

  /// Another process of the same service.
  static func boot(
    _ directory: TemporaryDirectory,
    _ server: WebServer,
    _ config: JSONObject = [:],
    _ dialAnswer: @escaping @Sendable (String, UInt16) -> FakeHost.Dialled = { .loopback($1) }
  ) async throws -> FakeHost {
    var config = config
    config["directory"] = .string(directory.path)
    config["ca_file"] = .string(server.authority)
    let host = FakeHost(FetchPlugin.self, config: .object(config), dialAnswer: dialAnswer)
    try await host.boot()
    return host
  }

  static func request(
    _ resource: String,
    _ payload: JSON = [:],
    name: String = "fetch",
    tenant: String = "demo",
    from requester: String = "worker",
    within nanoseconds: Int64 = 0
  ) -> Envelope {
    var envelope = Envelope(topic: "promethean.p.echo.t.\(tenant).http.\(name)", intent: name, payload: payload.bytes())
    envelope.resource = resource
    envelope.src = requester
    envelope.flags = .request
    if nanoseconds > 0 { envelope.deadline = FakeHost.epoch + nanoseconds }
    return envelope
  }

  /// What a GET of the server is answered with.
  func get(_ path: String, on listener: String = "plain", limit: Int = 1 << 20, tenant: String = "demo") async throws
    -> JSON
  {
    try await host.request(Self.request("GET \(server.url(path, on: listener)) \(limit)", tenant: tenant))
  }

  /// The words of the error that a request is answered with.
  func refusal(_ envelope: Envelope) async -> String? {
    do {
      let answer = try await host.request(envelope)
      return "no error: \(answer)"
    } catch {
      return (error as? FakeHost.Failure)?.description
    }
  }

  func refusal(_ path: String, on listener: String = "plain", limit: Int = 1 << 20, within: Int64 = 0) async -> String?
  {
    await refusal(Self.request("GET \(server.url(path, on: listener)) \(limit)", within: within))
  }

  /// A piece of a blob.
  func read(_ sha256: String, tenant: String = "demo", at offset: Int = 0) async throws -> [UInt8] {
    let payload: JSON = ["sha256": .string(sha256), "offset": .int(Int64(offset)), "length": 32_768]
    let request = Self.request("GET http://localhost/", payload, name: "fetch.read", tenant: tenant)
    guard case .response(let response) = await host.handle(request), !response.flags.contains(.error) else { return [] }
    return response.payload
  }

  /// All files below the directory, without the directories in it.
  var files: [String] {
    (FileManager.default.subpaths(atPath: directory.path) ?? []).filter { $0.contains("/") }
  }
}
