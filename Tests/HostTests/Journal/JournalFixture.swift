import Envelope
import Host
import TestSupport

/// A journal in a directory of its own, which can be closed and opened again.
final class JournalFixture {
  let directory: TemporaryDirectory
  private(set) var journal: Journal

  var path: String { directory.file("journal.sqlite") }

  init(_ options: Journal.Options = .quick) throws {
    directory = try TemporaryDirectory()
    journal = try Journal(path: directory.file("journal.sqlite"), options: options)
  }

  /// Closes the journal and opens it again, as a new start of the host does.
  func reopen(_ options: Journal.Options = .quick) throws {
    // The old connection must be gone before the new one may have the file.
    journal = try Journal(path: directory.file("other.sqlite"), options: options)
    journal = try Journal(path: path, options: options)
  }

  /// Records envelopes with these ids.
  @discardableResult
  func record(_ ids: String..., target: Int64? = nil) throws -> [JournalOutcome.Append] {
    var batch = JournalBatch()
    batch.appends = try ids.map { try .sample(id: $0, target: target) }
    return try journal.commit(batch).appends
  }

  /// The ids of the envelopes that a consumer gets after a sequence.
  func ids(after sequence: Int64 = 0, limit: Int = 1_000, consumer: Int64 = 0) throws -> [String] {
    try journal.page(after: sequence, limit: limit, consumer: consumer).records.map {
      try Envelope(binary: $0.envelope).id
    }
  }
}

extension Journal.Options {
  /// Without waiting for the disk, which no test can tell from a journal that does.
  static var quick: Journal.Options {
    var options = Journal.Options()
    options.synchronous = .normal
    return options
  }
}

extension JournalAppend {
  static func sample(
    id: String,
    ts: Int64 = 1_000,
    target: Int64? = nil,
    payload: [UInt8]? = nil
  ) throws -> JournalAppend {
    let payload = payload ?? Array("payload of \(id)".utf8)
    var envelope = Envelope(topic: "promethean.p.echo.t.demo.events.Test", payload: payload)
    envelope.id = id
    envelope.ts = ts
    let digest = DedupeDigest(src: "test", provider: "echo", tenant: "demo", id: id)
    return JournalAppend(digest: digest, target: target, envelope: try envelope.binary())
  }
}
