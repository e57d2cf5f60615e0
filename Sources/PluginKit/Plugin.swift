public import Envelope

/// A plugin as its author writes it; one object is one instance.
///
/// The runner makes it, starts it, gives it envelopes, and stops it. All of it runs on `PluginActor`, so its state
/// needs no lock.
@PluginActor
public protocol Plugin: AnyObject {
  /// The id in the plugin's manifest.
  nonisolated static var id: String { get }

  /// Reads the configuration and touches nothing outside; throwing keeps the instance from being.
  init(context: Context) throws

  /// Acquires what the instance needs; it is ready, and gets envelopes, when this returns.
  func start() async throws

  /// Handles one envelope; returning means handled, all effects done.
  ///
  /// Envelopes with one key come one at a time and in order, all others at the same time. A request is answered with
  /// what is returned, nil being an empty answer; what is returned for any other envelope is ignored.
  ///
  /// - Throws: A `Rejection` if the envelope can never be handled: to the dead letters. A `HostError` of kind
  ///   `unavailable`: to be delivered again, counting no attempt. Anything else: to be delivered
  ///   again. A request is answered with an error that bears the thrown error's words.
  ///
  /// When the instance stops, what is still being handled after a grace of half the time that a stop may take (none
  /// without the grant `clock`) is cancelled, as a task is: whatever it then throws, an envelope is delivered again.
  func handle(_ envelope: Envelope) async throws -> Response?

  /// Hears that the credentials have been replaced while it runs: `secrets` has the new ones.
  func secretsChanged() async

  /// Gives back what the instance holds; no envelope is being handled any more.
  func stop() async
}

extension Plugin {
  /// Needs nothing.
  public func start() async throws {}

  /// Reads credentials anew whenever it needs them.
  public func secretsChanged() async {}

  /// Holds nothing.
  public func stop() async {}
}

/// Thrown for an envelope that can never be handled, however often it is delivered.
public struct Rejection: Error, Hashable, CustomStringConvertible {
  /// What is wrong with the envelope, for people.
  public let description: String

  /// A rejection that says what is wrong.
  public init(_ reason: String) {
    description = reason
  }
}

/// What a request is answered with.
public struct Response: Sendable, Hashable {
  /// The bytes of the answer, at most 64 KiB.
  public let payload: [UInt8]
  /// The media type of the payload; empty is application/json.
  public let contentType: String
  /// The models that made the answer: a JSON list of name, version and checksum; empty: none did.
  public let models: String

  /// An answer in JSON.
  ///
  /// - Parameters:
  ///   - json: The answer.
  ///   - models: The models that made it, a list of objects with name, version and checksum.
  public init(json: JSON, models: JSON? = nil) {
    self.init(payload: json.bytes(), contentType: "", models: models)
  }

  /// An answer of some other type.
  public init(payload: [UInt8], contentType: String, models: JSON? = nil) {
    self.payload = payload
    self.contentType = contentType
    self.models = models?.text ?? ""
  }
}
