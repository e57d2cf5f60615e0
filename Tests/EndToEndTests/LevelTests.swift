import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// Who may run a host: root, anybody else, and anybody else where there are no namespaces to be had.
  @Suite struct LevelTests {
    struct Account: Sendable, CustomTestStringConvertible {
      let testDescription: String
      let wrapper: [String]
      let owner: uid_t?
      let level: String
    }

    /// The user that owns nothing.
    private static let nobody: uid_t = 65_534
    private static let asNobody = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    /// In a user namespace where no further one can be made, and without its privileges.
    private static let withoutNamespaces = [
      "/usr/bin/unshare", "--user", "--map-current-user", "--keep-caps", "/bin/sh", "-c",
      """
      echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --ambient-caps=-all --inh-caps=-all "$0" "$@"
      """,
    ]

    /// What the unit for systemd takes and needs no systemd to be taken: capabilities for good, and the machine's users.
    private static let asService = ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
    private static let withOwnUsers = ["/usr/bin/unshare", "--user", "--map-current-user"]

    static let accounts =
      geteuid() == 0
      ? [
        Account(testDescription: "root", wrapper: [], owner: nil, level: "full"),
        Account(testDescription: "another user", wrapper: asNobody, owner: nobody, level: "full"),
        Account(
          testDescription: "another user without namespaces",
          wrapper: asNobody + withoutNamespaces,
          owner: nobody,
          level: "landlock"
        ),
        Account(
          testDescription: "a service",
          wrapper: asNobody + asService + withOwnUsers,
          owner: nobody,
          level: "full"
        ),
      ]
      : [
        Account(testDescription: "this user", wrapper: [], owner: nil, level: "full"),
        Account(
          testDescription: "this user without namespaces",
          wrapper: withoutNamespaces,
          owner: nil,
          level: "landlock"
        ),
      ]

    @Test(arguments: accounts)
    func `a host works for anybody, and says how strong its sandboxes are`(account: Account) throws {
      let host = try TestHost(TestHost.echo(), wrapper: account.wrapper, owner: account.owner)
      let instances = try #require(try host.start()["instances"]?.arrayValue)
      #expect(instances.count == 4)
      for instance in instances {
        #expect(instance["state"]?.stringValue == "RUNNING", "\(instance)")
        #expect(instance["level"]?.stringValue == account.level, "\(instance)")
      }
      let client = try host.client()
      for number in 1...20 {
        let message = try #require(Message.made(number)).json
        _ = try client.request("promethean.p.echo.t.demo.control.send", message)
      }
      try host.waitUntilIdle(client)
      #expect(try host.count(client) == 20)
      #expect(try host.run("status").lines.filter { $0.contains(" \(account.level) ") }.count == 4)
      #expect(try host.stop() == .status(0))
    }

    /// The command; what runs in the sandbox is of a plain build.
    private static let sandbox =
      [Products.promethean, "sandbox"] + (Products.isSanitized ? ["--runner", Products.runner] : [])

    @Test(arguments: accounts)
    func `the command line tells the level beforehand, and why it is no higher`(account: Account) throws {
      let run = try Program(account.wrapper + Self.sandbox + ["--json"])
      #expect(run.end == .status(0), "\(run.errors)")
      let answer = try #require(try run.json.first)
      #expect(answer["level"]?.stringValue == account.level)
      let isFull = account.level == "full"
      #expect(answer["missing"]?.stringValue?.isEmpty == isFull)
      #expect(answer["failures"]?.arrayValue?.isEmpty == isFull)
      let shown = try Program(account.wrapper + Self.sandbox + ["--no-color"])
      #expect(shown.lines.first?.hasPrefix("level          \(account.level)") == true, "\(shown.output)")
    }

    @Test func `without a runner the command line says what is missing`() throws {
      let run = try Program([Products.promethean, "sandbox", "--runner", "/nowhere/promethean-runner"])
      #expect(run.end == .status(1))
      #expect(run.errors.contains("/nowhere/promethean-runner"))
    }
  }
}
