/// What a plugin can be allowed to do.
package enum Capability: String, CaseIterable, Sendable {
  case publish
  case subscribe
  case providerGatewayConnect = "provider.gateway.connect"
  case providerRESTCall = "provider.rest.call"
  case providerVoiceConnect = "provider.voice.connect"
  case providerVoiceSend = "provider.voice.send"
  case secretsRead = "secrets.read"
  case netDial = "net.dial"
  case httpFetch = "http.fetch"
  case storageDocuments = "storage.documents"
  case storageVectors = "storage.vectors"
  case storageBlobs = "storage.blobs"
  case fsRead = "fs.read"
  case fsWrite = "fs.write"
  case embedText = "embed.text"
  case embedImage = "embed.image"
  case llmComplete = "llm.complete"
  case sttTranscribe = "stt.transcribe"
  case ttsSpeak = "tts.speak"
  case searchMessages = "search.messages"
  case socialPost = "social.post"
  case clock
  case log
  case metrics
  case state

  package var name: String { rawValue }

  /// Which kinds of plugin may hold it.
  ///
  /// What needs a credential is for access plugins alone; a worker touches no network.
  package var holders: [PluginKind] {
    switch self {
    case .providerGatewayConnect, .providerRESTCall, .providerVoiceConnect, .providerVoiceSend, .secretsRead: [.access]
    case .netDial: [.access, .service]
    case .socialPost: [.worker]
    default: PluginKind.allCases
    }
  }

  /// What a plugin has to be to hold it, for an error.
  package var holdersNeeded: String { "it needs kind: \(holders.map(\.rawValue).spelledOut("or"))" }

  /// How its resources are written.
  package var syntax: ResourceSyntax {
    switch self {
    case .publish, .subscribe: .topics
    case .providerGatewayConnect, .providerRESTCall, .providerVoiceConnect, .providerVoiceSend: .routes
    case .secretsRead: .names
    case .netDial: .endpoints
    case .httpFetch: .fetches
    case .storageDocuments, .storageVectors, .storageBlobs: .collections
    case .fsRead, .fsWrite: .paths
    case .embedText, .embedImage, .llmComplete, .sttTranscribe, .ttsSpeak: .models
    case .socialPost: .spaces
    case .searchMessages, .clock, .log, .metrics, .state: .none
    }
  }

  /// Whether it is an effect that another plugin performs, named by that plugin's `provides`.
  package var isServed: Bool {
    switch self {
    case .httpFetch, .storageDocuments, .storageVectors, .storageBlobs, .searchMessages: true
    case .embedText, .embedImage, .llmComplete, .sttTranscribe, .ttsSpeak: true
    default: false
    }
  }
}

/// What a plugin is for.
package enum PluginKind: String, CaseIterable, Sendable {
  /// Holds the credentials of one provider tenant and speaks its protocol.
  case access
  /// Holds no credential and knows no provider.
  case worker
  /// Performs effects for others.
  case service
}

/// How the resources of a capability are written in a manifest.
package enum ResourceSyntax: Sendable {
  /// Nothing to choose.
  case none
  /// Topic patterns.
  case topics
  /// Patterns of routes of the instance's own provider and tenant; none stands for all.
  case routes
  /// Patterns of key names.
  case names
  /// `host:port`, with `tcp://` or `udp://` before it.
  case endpoints
  /// `METHOD URL`.
  case fetches
  /// Collection names with `read`, `write` or both.
  case collections
  /// Prefixes of paths.
  case paths
  /// Patterns of model names.
  case models
  /// Patterns of space URNs.
  case spaces
}
