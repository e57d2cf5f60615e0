import Envelope
import Testing

@testable import CLI

/// `promethean erase` against a host that answers as told.
struct EraseTests {
  private static let words = ["erase", "-p", "echo", "-t", "demo", "--author", "urn:echo:user:demo:ann"]

  private func run(_ more: String..., report: JSON) throws -> Run {
    let host = try FakeHost { request, connection in
      switch request["op"]?.stringValue {
      case "wait_settled": connection.ok(request, ["behind": 0])
      case "erase" where request["author"] == "urn:echo:user:demo:ann" && request["tenant"] == "demo":
        connection.ok(request, report)
      default: return false
      }
      return true
    }
    return withExtendedLifetime(host) { Run(Self.words + more + ["--deployment", host.deployment]) }
  }

  private static func report(_ more: JSONObject, isDry: Bool = false) -> JSON {
    var report: JSONObject = [
      "tenant": "echo/demo", "dry_run": .bool(isDry), "documents": 3, "vectors": 2, "redacted": 1, "blobs": 4,
      "records": 7, "dead_letters": 1, "messages": 3, "texts": 2,
    ]
    for (key, value) in more { report[key] = value }
    return .object(report)
  }

  private static let proven: JSONObject = ["files": 9, "bytes": 4_096, "found": [], "unread": []]

  @Test func `without a yes nothing is asked of the host`() throws {
    let run = try run(report: [:])
    #expect(run.code == .failure)
    #expect(
      run.errors == "promethean: nothing was erased, for --yes is missing; --dry-run counts what there is\n"
    )
  }

  @Test func `what was erased is counted, and what was searched`() throws {
    let run = try run("--yes", report: Self.report(Self.proven))
    #expect(run.code == .success)
    #expect(
      run.output == """
        erased 3 documents, 7 records of the journal, 1 dead letters, 2 vectors, 4 blobs
        1 documents of others lost the provider's own event, which named the author
        searched 9 files, 4096 bytes, for the id and 2 texts: found: 0

        """
    )
    let json = try self.run("--yes", "--json", report: Self.report(Self.proven))
    #expect(try JSON.parse(json.output) == Self.report(Self.proven))
  }

  @Test func `a dry run counts, and succeeds`() throws {
    let run = try run("--dry-run", report: Self.report([:], isDry: true))
    #expect(run.code == .success)
    #expect(run.output == "found 3 documents, 7 records of the journal, 1 dead letters\n")
  }

  @Test(
    arguments: [
      (
        ["found": [["path": "var/log/host.log", "kind": "text", "count": 2]]],
        "found: 2\n  var/log/host.log: text 2\n"
      ),
      (["unread": ["var/data/x"]], "found: 0\n  var/data/x: cannot be read\n"),
    ] as [(JSONObject, String)]
  )
  func `what is left fails, and is named`(left: JSONObject, words: String) throws {
    let whole = Self.proven.merging(left)
    let run = try run("--yes", report: Self.report(whole))
    #expect(run.code == .failure)
    #expect(run.output.hasSuffix(words))
  }

  @Test(arguments: ["ann", "urn:echo:user", ""])
  func `an author is a URN`(author: String) {
    let run = Run(["erase", "-p", "echo", "-t", "demo", "--author", author, "--yes"])
    #expect(run.code == .usage)
    #expect(run.errors.contains("a URN such as urn:echo:user:demo:ann"))
  }

  @Test func `its help is what it was`() {
    #expect(
      Run(["erase", "--help"]).output == """
        promethean erase - Erases what a person has written, and proves it

        Usage: promethean erase --provider PROVIDER --tenant TENANT --author URN [OPTION...]

        Takes the messages of an author out of the storage of a tenant, with their vectors and attachments,
        and out of the journal and the dead letters. What was erased does not come back when a provider
        sends it again. Then every file of var is searched, byte by byte, for the id, the URN and the texts.

        It cannot be undone. What the provider has itself, backups, and what was printed stay;
        docs/erasure.md says all of it. A command that was interrupted is given again, and does what is
        left.

        Options:
          -p, --provider PROVIDER      The provider. [required]
          -t, --tenant TENANT          The tenant of the provider. [required]
              --author URN             Whose: the URN of an author of the tenant. [required]
              --collection COLLECTION  A collection of the storage to go through; messages and attachments
                                       by default. [may be repeated]
              --dry-run                Only counts what there is.
              --yes                    Erases; without it nothing is done.
              --wait DURATION          How long to wait for what was sent before to be stored. [default:
                                       10s]

        Options of every command:
              --deployment FILE  The deployment: a plugins.yml, or the directory it is in. [default:
                                 plugins.yml, or by PROMETHEAN_DEPLOYMENT in the environment]
              --json             Prints JSON: one document, or one a line where results come as a stream.
              --no-color         Prints without colour, as do NO_COLOR in the environment and any output
                                 that is no terminal.
          -h, --help             Explains the command.

        Exit codes:
          0  nothing is found any more; with --dry-run, it was counted
          1  something is still found, and is printed; or nothing was erased, and the reason is printed
          2  the command line is wrong

        Examples:
          promethean erase -p echo -t demo --author urn:echo:user:demo:ann --dry-run
              Counts what there is of a person.
          promethean erase -p echo -t demo --author urn:echo:user:demo:ann --yes
              Erases it.

        """
    )
  }
}

extension JSONObject {
  fileprivate func merging(_ other: JSONObject) -> JSONObject {
    var merged = self
    for (key, value) in other { merged[key] = value }
    return merged
  }
}
