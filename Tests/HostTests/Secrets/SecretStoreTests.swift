import CLinux
import Glibc
import TestSupport
import Testing

@testable import Host

@Suite struct SecretStoreTests {
  private let directory: TemporaryDirectory
  private let tenant = TenantID(provider: "echo", tenant: "demo")

  init() throws { directory = try TemporaryDirectory() }

  private func store(_ credentials: [String: Tenant.CredentialSource]) throws -> SecretStore {
    let tenant = Tenant.made("echo", "demo", credentials)
    return try SecretStore(tenants: [tenant], directory: directory.path, redactor: Redactor())
  }

  private func outcome(_ store: SecretStore, _ name: String) throws -> SecretStore.Outcome? {
    try store.read()[SecretStore.Key(tenant: tenant, name: name)]
  }

  @Test func `a file is read without its last line's end, and again when it has changed`() throws {
    let file = try directory.write("token", Array("first\n".utf8))
    let store = try store(["token": .file(file)])
    #expect(store.problem(for: tenant) { _ in true } == nil)
    #expect(try outcome(store, "token") == .unchanged)
    _ = try directory.write("token", Array("second\r\n".utf8))
    #expect(try outcome(store, "token") == .changed)
    _ = try directory.write("token", Array("second".utf8))
    #expect(try outcome(store, "token") == .unchanged)
  }

  @Test func `what cannot be read leaves the older value in use, and says why`() throws {
    let file = try directory.write("token", Array("first".utf8))
    let store = try store(["token": .file(file)])
    _ = try directory.write("token", Array("\n".utf8))
    #expect(try outcome(store, "token") == .failed("\(file): it is empty"))
    #expect(store.problem(for: tenant) { _ in true } == nil)
    unsafe unlink(file)
    #expect(try outcome(store, "token") == .failed("\(file): No such file or directory"))
    _ = try directory.write("token", Array(String(repeating: "x", count: SecretStore.valueMax + 1).utf8))
    #expect(try outcome(store, "token") == .failed("\(file): expected at most 8192 bytes, found 8193"))
    _ = try directory.write("token", Array("first".utf8))
    #expect(try outcome(store, "token") == .unchanged)
  }

  @Test func `an instance that was granted what is not there is told what and why`() throws {
    let store = try store(["token": .file("/nowhere/token"), "other": .environment("PROMETHEAN_TEST_NOT_SET")])
    #expect(
      store.problem(for: tenant) { $0 == "token" }
        == "credential token of tenant echo/demo: /nowhere/token: No such file or directory"
    )
    #expect(
      store.problem(for: tenant) { $0 == "other" }
        == "credential other of tenant echo/demo: the variable PROMETHEAN_TEST_NOT_SET is not set, or empty"
    )
    #expect(store.problem(for: tenant) { _ in false } == nil)
  }

  @Test func `a credential of the service manager's is read from its directory`() throws {
    _ = try directory.write("duck-token", Array("quack".utf8))
    let store = try store(["token": .credential("duck-token")])
    #expect(store.problem(for: tenant) { _ in true } == nil)
    let lost = try SecretStore(
      tenants: [Tenant.made("echo", "demo", ["token": .credential("duck-token")])],
      directory: nil,
      redactor: Redactor()
    )
    #expect(try #require(lost.problem(for: tenant) { _ in true }).contains("there is no CREDENTIALS_DIRECTORY"))
  }

  @Test func `a directory or device in the place of a file is refused`() throws {
    for path in [directory.path, "/dev/zero"] {
      let store = try store(["token": .file(path)])
      #expect(
        store.problem(for: tenant) { _ in true } == "credential token of tenant echo/demo: \(path): expected a file"
      )
    }
  }
}
