internal import PluginKit

extension Endpoint {
  /// A version that nobody has given.
  private static let versionFirst = "1"

  /// Reads what the operator says of a model's endpoint.
  init(_ config: Config, name: String) throws {
    do {
      tenant = TenantName(provider: try config.string("provider"), tenant: try config.string("tenant"))
      _ = try Topic(provider: tenant.provider, tenant: tenant.tenant, area: "control", name: "request")
      model = try config.string("model", default: name)
      dimension = try config.int("dimension", in: 1...Self.dimensionMax)
      let version = try config.string("version", default: "")
      self.version = version.isEmpty ? Self.versionFirst : version
      atOnce = try config.int("at_once", default: 4, in: 1...64)
      timeout = try config.duration("timeout", default: .seconds(20))
      textBytes = try config.int("bytes_max", default: 8_192, in: 256...Self.textMax)
    } catch let error as TopicError {
      throw EmbedderError("config.models: \(name): provider, tenant: \(error)")
    }
    guard (1...Settings.nameMax).contains(model.utf8.count) else {
      throw EmbedderError(
        "config.models: \(name): model: expected 1 to \(Settings.nameMax) bytes, found \(model.utf8.count)"
      )
    }
  }
}
