package import Signing

/// How the host itself runs: `host` of plugins.yml.
package struct HostSettings: Sendable, Hashable {
  /// What survives what.
  package enum Sync: String, CaseIterable, Sendable {
    /// A recorded envelope survives a loss of power.
    case full
    /// It survives the death of the host, and most losses of power.
    case normal
  }

  /// Whether the host listens for HTTP, on loopback.
  package var httpEnabled = true
  /// 0: any that is free.
  package var httpPort: UInt16 = 8650
  package var journalSync = Sync.full
  /// How long a second envelope of the same source and id is known for a duplicate.
  package var journalWindow = Duration.seconds(86400)
  package var logLevel = LogLevel.info
  /// Whose signatures of libraries are trusted.
  package var keys: [PublicKey] = []

  package init() {}
}

extension HostSettings {
  init(_ value: ManifestValue) {
    self.init()
    _ = value.fields { host in
      _ = host.optional("http")?.fields { http in
        http.optional("enabled")?.flag().map { httpEnabled = $0 }
        http.optional("port")?.integer(in: 0...65535).map { httpPort = UInt16($0) }
      }
      _ = host.optional("journal")?.fields { journal in
        journal.optional("sync")?.choice().map { journalSync = $0 }
        journal.optional("window")?.duration(in: .seconds(1)...Duration.seconds(30 * 86400)).map { journalWindow = $0 }
      }
      _ = host.optional("log")?.fields { log in
        log.optional("level")?.choice().map { logLevel = $0 }
      }
      host.optional("keys").map { keys = $0.list { $0.parsed { try PublicKey($0) } } }
    }
  }
}
