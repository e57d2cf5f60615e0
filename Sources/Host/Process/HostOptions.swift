package import Envelope

/// What a host is started with.
package struct HostOptions: Sendable {
  /// The path of plugins.yml.
  package var deployment: String
  /// Where libraries are looked for by name, beside the deployment's own plugins.d.
  package var searchPath: [String]
  /// The path of promethean-runner.
  package var runner: String
  /// Where systemd puts the credentials of a service; nil: this is none.
  package var credentialsDirectory: String?
  /// What the service manager that started the host wants to be told; nil: there is none.
  package var service: ServiceManager.Wishes?
  /// Whether what is logged is shown on standard error too.
  package var isVerbose = false
  /// The ids of the plugins to start; nil: all that are enabled.
  package var only: Set<String>?
  /// Called at each step of a change of what runs, before and after what is made durable, with what it is; on the thread
  /// that does it.
  package var onStep: @Sendable (String) -> Void = { _ in }
  /// Called once, when every instance is ready or will not be, with what `status` says.
  ///
  /// On the loop's thread.
  package var onReady: @Sendable (JSON) -> Void = { _ in }

  /// Describes a start.
  package init(deployment: String, searchPath: [String], runner: String) {
    self.deployment = deployment
    self.searchPath = searchPath
    self.runner = runner
  }
}

/// Where a deployment keeps what is not the operator's: all of it below `var`.
package struct DeploymentPaths: Sendable {
  /// The deployment's `var`.
  package let root: String

  /// The paths of the deployment whose plugins.yml lies in a directory.
  package init(directory: String) {
    root = "\(directory)/var"
  }

  /// Held while a host runs.
  var lock: String { "\(root)/run/host.lock" }
  /// The admin socket.
  package var adminSocket: String { "\(root)/run/admin.sock" }
  var journal: String { "\(root)/journal.sqlite" }
  /// What reply handles are made with.
  var replyKey: String { "\(root)/reply.key" }
  var store: String { "\(root)/store" }
  var log: String { "\(root)/log" }
}
