import PluginKit
import TestSupport
import Testing

@testable import Storage

/// A storage in a host made for tests, with a directory of its own.
final class StorageFixture: Sendable {
  let directory: TemporaryDirectory
  let host: FakeHost

  init(config: JSONObject = [:]) async throws {
    directory = try TemporaryDirectory()
    host = try await Self.boot(directory, config)
  }

  /// What goes on in a directory that is there, in another host.
  init(_ directory: TemporaryDirectory, _ host: FakeHost) {
    self.directory = directory
    self.host = host
  }

  static func boot(_ directory: TemporaryDirectory, _ config: JSONObject = [:]) async throws -> FakeHost {
    var config = config
    config["directory"] = .string(directory.path)
    let host = FakeHost(StoragePlugin.self, config: .object(config))
    try await host.boot()
    return host
  }

  static func request(
    _ operation: String,
    _ payload: JSON,
    provider: String = "echo",
    tenant: String = "demo",
    collection: String = "messages"
  ) -> Envelope {
    // Documents are what most tests are about.
    let name = operation.contains(".") ? operation : "documents.\(operation)"
    let topic = "promethean.p.\(provider).t.\(tenant).storage.\(name)"
    var envelope = Envelope(topic: topic, intent: name, payload: payload.bytes())
    envelope.resource = collection
    envelope.flags = .request
    return envelope
  }

  @discardableResult
  func ask(
    _ operation: String,
    _ payload: JSON,
    tenant: String = "demo",
    collection: String = "messages"
  ) async throws -> JSON {
    try await host.request(Self.request(operation, payload, tenant: tenant, collection: collection))
  }

  /// The words of the error that a request is answered with.
  func refusal(_ operation: String, _ payload: JSON, collection: String = "messages") async -> String? {
    do {
      let answer = try await ask(operation, payload, collection: collection)
      return "no error: \(answer)"
    } catch {
      return (error as? FakeHost.Failure)?.description
    }
  }

  func put(_ documents: JSON...) async throws -> JSON {
    try await ask("put", ["documents": .array(documents)])
  }

  /// The foreign ids that a query finds, in its order.
  func ids(_ query: JSONObject = [:]) async throws -> [String] {
    let answer = try await ask("query", .object(query))
    return answer["documents"]?.arrayValue?.compactMap { $0["foreign_id"]?.stringValue } ?? []
  }
}
