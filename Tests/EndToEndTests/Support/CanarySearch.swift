import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

/// Looks for credentials of a `Canary` in every place that they could get to.
struct CanarySearch {
  /// A file in the deployment's directory.
  private static let plan = "next.plan"

  let canary: Canary

  private var host: TestHost { canary.host }
  private var needles: Needles { canary.needles }
  /// What is to be found, so that the search is known to look there.
  private var control: Needles {
    var control = Needles()
    control.add(Canary.marker, "marker")
    return control
  }

  /// Expects no credential in some bytes, which have a name.
  func expectNone(in bytes: some Sequence<UInt8>, _ name: String) { #expect(needles.found(in: bytes) == [], "\(name)") }

  /// Whether what is no secret is in some bytes.
  func hasMarker(_ bytes: [UInt8]) -> Bool { control.found(in: bytes).contains("marker as raw") }

  // MARK: - What is written and shown

  /// Files that the host and its commands have written, by their names.
  func files() throws -> [String: [UInt8]] {
    let root = "\(host.directory)/var"
    let names = try #require(FileManager.default.enumerator(atPath: root)).compactMap { $0 as? String }
    var files: [String: [UInt8]] = [:]
    for name in names {
      var status = stat()
      guard unsafe lstat("\(root)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      files["var/\(name)"] = try FileBytes.read("\(root)/\(name)")
    }
    for name in ["out", "err", "plugins.lock", Self.plan] {
      files[name] = try FileBytes.read("\(host.directory)/\(name)")
    }
    return files
  }

  /// What commands and pages show.
  func shown(_ client: AdminClient) throws -> [String: [UInt8]] {
    var shown: [String: [UInt8]] = [:]
    let letters = try client.deadLetters().compactMap { $0["id"]?.intValue }
    let commands =
      [["status"], ["dlq", "list"], ["logs", "--limit", "10000"], ["logs", "--audit"]]
      + [["history"], ["plan"], ["plan", "-o", "\(host.directory)/\(Self.plan)"], ["diff"]]
      + letters.map { ["dlq", "show", "\($0)"] }
    for command in commands {
      // There is something that would change.
      let end = ["plan", "diff"].contains(command[0]) ? 2 : 0
      for format in [[], ["--json"]] {
        let run = try Program([Products.promethean, "--deployment", host.directory] + command + format)
        #expect(run.end == .status(Int32(end)), "\(command) \(run.errors)")
        shown["\((command + format).joined(separator: " "))"] = Array((run.output + run.errors).utf8)
      }
    }
    let metrics = try HTTP.get("/metrics", port: canary.port)
    // It has metrics of the plugin's, if not those.
    #expect(String(decoding: metrics, as: UTF8.self).contains("promethean_plugin_harmless"))
    shown["/metrics"] = metrics
    return shown
  }

  // MARK: - Processes

  /// Looks for everything in all processes but those whose the credentials are.
  ///
  /// - Parameters:
  ///   - client: Says which processes those are.
  ///   - when: In words.
  ///   - isHostIncluded: Whether the memory of the host is looked through too, where what a plugin has told it was.
  /// - Throws: What keeps it from looking.
  func expectNoneInProcesses(_ client: AdminClient, _ when: String, isHostIncluded: Bool = true) throws {
    let process = try #require(host.process)
    let instances = try client.call("status")["instances"]?.arrayValue ?? []
    let own = instances.filter { $0["plugin"]?.stringValue == "canary" }.compactMap { $0["pid"]?.intValue }
    let host = ProcessView(pid: process.pid)
    for view in try [host] + ProcessView.children(of: process.pid) {
      let what = view.pid == host.pid ? "the host" : "a runner"
      for file in ["environ", "cmdline"] {
        guard let bytes = try? view.file(file) else { continue }
        expectNone(in: bytes, "\(file) of \(what), \(when)")
      }
      guard !own.contains(Int64(view.pid)) else {
        try checkPages(of: view)
        continue
      }
      guard view.pid != host.pid || isHostIncluded else { continue }
      guard let found = view.search(needles) else {
        Products.say("memory is not searched: only root can read it")
        continue
      }
      #expect(found == [], "the memory of \(what), \(when)")
    }
    // A sanitizer's heap is a mapping that is too large to be looked through.
    if let found = host.search(control), !Products.isSanitized {
      #expect(found.contains { $0.hasPrefix("marker as raw") })
    }
  }

  /// Makes sure that where credentials lie in their own process, nobody can read.
  private func checkPages(of view: ProcessView) throws {
    let pages = try view.mappings.filter { $0.name.hasPrefix("/secretmem") }
    if pages.isEmpty { Products.say("this kernel has no secret memory") }
    for mapping in pages { #expect(!view.canRead(mapping)) }
  }
}
