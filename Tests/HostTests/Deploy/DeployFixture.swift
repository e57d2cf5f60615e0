import Envelope
import Glibc
import TestSupport
import Testing

@testable import Host

/// A deployment on disk whose plugins.yml and libraries change, and what it is changed with.
final class DeployFixture {
  let manifest: ManifestFixture
  var directory: String { manifest.directory }
  var deployer: Deployer { Deployer(path: "\(directory)/plugins.yml", searchPath: []) }

  init() throws {
    manifest = try ManifestFixture()
    try manifest.write()
  }

  /// Replaces a text that stands once in plugins.yml.
  func edit(_ old: String, _ new: String) throws { try edit("plugins.yml", old, new) }

  /// Replaces a text that stands once in plugins.yml, or in the manifest of a library.
  func edit(_ file: String, _ old: String, _ new: String) throws {
    manifest.edit(file, old, new)
    try manifest.write()
  }

  /// Applies what is there, as a person who agrees to everything.
  @discardableResult
  func apply() throws -> Int { try deployer.applyOffline(nil, isApproved: true).generation }

  func plan() throws -> Plan { try deployer.plan(deployer.desired()) }

  func text(_ path: String) throws -> String {
    String(decoding: try FileBytes.read("\(directory)/\(path)"), as: UTF8.self)
  }

  func write(_ path: String, _ text: String) throws { try manifest.write(path, Array(text.utf8)) }

  func exists(_ path: String) -> Bool { unsafe access("\(directory)/\(path)", F_OK) == 0 }
}
