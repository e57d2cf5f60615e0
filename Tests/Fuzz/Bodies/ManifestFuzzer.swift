import Envelope
import YAML

@testable import Host

/// A manifest is read, or it is said what is wrong with it and where.
enum ManifestFuzzer {
  static func run(_ bytes: [UInt8]) throws {
    let lines = bytes.count { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") } + 2
    do throws(YAMLError) { _ = try YAMLNode.parse(bytes) } catch {
      // Some characters of more than one byte end a line as well.
      try hold((1...max(lines, bytes.count + 1)).contains(error.mark.line), "line \(error.mark.line) of \(lines)")
      try hold((1...bytes.count + 2).contains(error.mark.column), "column \(error.mark.column) of \(bytes.count) bytes")
      try hold(!error.message.isEmpty, "an error without words")
    }
    let diagnostics = Diagnostics()
    let note = ManifestNote(abi: .host, manifest: bytes)
    guard let manifest = PluginManifest.read(note, file: "lib.so(plugin.yml)", diagnostics: diagnostics) else {
      try hold(diagnostics.count > 0, "a manifest that is refused without a word")
      return try havePlaces(diagnostics.all)
    }
    try hold(diagnostics.count == 0, "a manifest that is accepted although \(diagnostics.all)")
    for grant in manifest.requests {
      try hold(manifest.requests(grant.capability, grant.resource), "\(grant) is not within what asks for it")
    }
  }

  /// Everything that is said is said of a place.
  static func havePlaces(_ diagnostics: [Diagnostic]) throws {
    for diagnostic in diagnostics {
      let location = diagnostic.location
      try hold(location.line > 0 && location.column > 0 && !location.file.isEmpty, "no place: \(diagnostic)")
      try hold(!diagnostic.message.isEmpty, "no words: \(diagnostic)")
    }
  }
}

/// plugins.yml is read, and nothing is granted that was not asked for, or it is said what is wrong with it and where.
enum DeploymentFuzzer {
  static func run(_ bytes: [UInt8]) throws {
    let (deployment, diagnostics) = try FuzzDeployment.read(bytes)
    try ManifestFuzzer.havePlaces(diagnostics)
    guard let deployment else {
      return try hold(diagnostics.contains { $0.plugin == nil }, "a deployment that is refused without a word")
    }
    try hold(diagnostics.allSatisfy { $0.plugin != nil }, "a deployment that is accepted although \(diagnostics)")
    for plugin in deployment.plugins {
      for grant in plugin.grants.all {
        try hold(plugin.manifest.requests(grant.capability, grant.resource), "\(plugin.id): \(grant) was not asked for")
      }
    }
    try comesToItself(deployment)
  }

  /// What is the same is no change, and what was approved is read back as it was.
  private static func comesToItself(_ deployment: Deployment) throws {
    let lock = Lock(plugins: deployment.approvals)
    let diagnostics = Diagnostics()
    let back = Lock.parse(lock.bytes, named: "plugins.lock", diagnostics)
    try hold(diagnostics.count == 0 && back == lock, "a lock that is not read back: \(diagnostics.all)")
    let plan = Plan(from: 1, deployment, to: deployment, approved: back)
    try hold(plan.verdict == .nothing, "a plan that changes what is the same: \(plan)")
    let read = try? Plan(plan.json.bytes(), named: "plan")
    try hold(read == plan, "a plan that is not read back")
  }
}
