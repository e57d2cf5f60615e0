internal import CChannel
internal import CSodium
internal import Envelope
internal import Glibc

/// The credentials of the deployment's tenants: read where plugins.yml says, kept in memory that only this process can
/// read, and given to the instances that were granted them.
///
/// It belongs to the loop's thread.
package final class SecretStore {
  /// One credential.
  package struct Key: Hashable, Sendable, CustomStringConvertible {
    package var tenant: TenantID
    package var name: String

    package var description: String { "\(tenant) \(name)" }
  }

  /// What became of a credential when it was read.
  package enum Outcome: Sendable, Equatable {
    case unchanged
    case changed
    /// Why it could not be read; an older value stays in use.
    case failed(String)
  }

  /// Bytes of one credential: a token, a key file, but no archive.
  static let valueMax = 8192

  private var tenants: [Tenant]
  private let directory: String?
  let redactor: Redactor
  private var pages: SecretPages?
  private var values: [Key: Range<Int>] = [:]
  /// Why a credential is not there.
  private var problems: [Key: String] = [:]

  /// Reads all credentials once.
  ///
  /// - Parameters:
  ///   - tenants: Whose.
  ///   - directory: Where `{ credential: NAME }` is looked for; systemd names it in CREDENTIALS_DIRECTORY.
  ///   - redactor: What is to keep them out of texts.
  /// - Throws: `SecretError` when there is no memory for them; what cannot be read is told to whoever needs it.
  package init(tenants: [Tenant], directory: String?, redactor: Redactor) throws(SecretError) {
    self.tenants = tenants.filter { !$0.credentials.isEmpty }
    self.directory = directory
    self.redactor = redactor
    if !self.tenants.isEmpty { _ = try read() }
  }

  /// Reads the credentials of tenants that are new, or differ.
  ///
  /// - Throws: `SecretError` when there is no memory for them.
  func use(_ tenants: [Tenant]) throws(SecretError) {
    let wanted = tenants.filter { !$0.credentials.isEmpty }
    guard wanted.map(\.id) != self.tenants.map(\.id) || wanted.map(\.credentials) != self.tenants.map(\.credentials)
    else { return }
    self.tenants = wanted
    _ = try read()
  }

  /// Whether root cannot read them either; nil while there are none.
  package var isSecret: Bool? { pages?.isSecret }

  /// Reads files again, and says what became of each credential.
  package func read(only tenant: TenantID? = nil) throws(SecretError) -> [Key: Outcome] {
    let count = tenants.reduce(0) { $0 + $1.credentials.count }
    let next = try SecretPages(capacity: max(1, count) * Self.valueMax)
    var found: [Key: Range<Int>] = [:]
    var outcomes: [Key: Outcome] = [:]
    for tenantEntry in tenants {
      for (name, source) in tenantEntry.credentials.sorted(by: { $0.key < $1.key }) {
        let key = Key(tenant: tenantEntry.id, name: name)
        let isWanted = tenant == nil || tenant == tenantEntry.id
        let outcome = isWanted ? read(key, from: source, into: next, &found) : keep(key, in: next, &found)
        if isWanted { outcomes[key] = outcome }
        if case .failed(let why) = outcome { problems[key] = why } else { problems[key] = nil }
      }
    }
    if outcomes.values.contains(.changed) {
      try redactor.use(next, found.map { (name: "\($0.key)", range: $0.value) })
    }
    (pages, values) = (next, found)
    return outcomes
  }

  private func read(
    _ key: Key,
    from source: Tenant.CredentialSource,
    into next: SecretPages,
    _ found: inout [Key: Range<Int>]
  ) -> Outcome {
    do throws(SecretError) {
      let range = try read(source, into: next)
      found[key] = range
      guard let range else {
        // A variable is taken out of the environment when it is first read.
        if case .unchanged = keep(key, in: next, &found) { return .unchanged }
        throw SecretError("\(source) is not set, or empty")
      }
      guard let old = values[key], let pages else { return .changed }
      let isSame = unsafe pages.withBytes(old) { old in unsafe next.withBytes(range) { unsafe $0.elementsEqual(old) } }
      return isSame ? .unchanged : .changed
    } catch {
      _ = keep(key, in: next, &found)
      return .failed(error.description)
    }
  }

  /// Takes over the value that is in use.
  private func keep(_ key: Key, in next: SecretPages, _ found: inout [Key: Range<Int>]) -> Outcome {
    guard let old = values[key], let pages else { return .failed(problems[key] ?? "it was never read") }
    found[key] = unsafe next.append(atMost: old.count) { into in
      unsafe pages.withBytes(old) { old in
        unsafe into.copyBytes(from: old)
        return old.count
      }
    }
    return .unchanged
  }

  private func read(_ source: Tenant.CredentialSource, into next: SecretPages) throws(SecretError) -> Range<Int>? {
    switch source {
    case .environment(let name): return unsafe next.append(atMost: Self.valueMax) { unsafe Self.take(name, into: $0) }
    case .file(let path): return try SecretFile.read(path, into: next)
    case .credential(let name):
      guard let directory else {
        throw SecretError("\(source): there is no CREDENTIALS_DIRECTORY; is this a service with LoadCredential=?")
      }
      return try SecretFile.read("\(directory)/\(name)", into: next)
    }
  }

  /// Copies a variable, and takes it out of this process's environment, bytes and all.
  private static func take(_ name: String, into: UnsafeMutableRawBufferPointer) -> Int? {
    guard let value = unsafe getenv(name) else { return nil }
    let size = unsafe strlen(value)
    guard size <= into.count else { return nil }
    unsafe into.copyBytes(from: UnsafeRawBufferPointer(start: value, count: size))
    unsafe sodium_memzero(value, size)
    unsafe unsetenv(name)
    return size
  }
}

// MARK: - Giving

extension SecretStore {
  /// Why an instance of a tenant lacks a credential that it was granted, nil if it lacks none.
  func problem(for tenant: TenantID, granted: (String) -> Bool) -> String? {
    for (key, why) in problems.sorted(by: { $0.key.name < $1.key.name })
    where key.tenant == tenant && granted(key.name) && values[key] == nil {
      return "credential \(key.name) of tenant \(tenant): \(why)"
    }
    return nil
  }

  /// Sends a runner the credentials of its tenant that it was granted.
  func send(to process: RunnerProcess, of tenant: TenantID, granted: (String) -> Bool) throws(RunnerError) {
    guard let pages else { return try process.sendControl(ControlMessage(kind: UInt32(WIRE_SECRETS))) }
    let keys = values.keys.filter { $0.tenant == tenant && granted($0.name) }.sorted { $0.name < $1.name }
    let size = keys.reduce(0) { $0 + 4 + $1.name.utf8.count + (values[$1]?.count ?? 0) }
    guard size <= Int(WIRE_SECRETS_MAX) else {
      throw .setupTooLarge(size, limit: Int(WIRE_SECRETS_MAX))
    }
    let message: SecretPages
    do { message = try SecretPages(capacity: ControlMessage.headSize + max(1, size)) } catch {
      throw .system("memory for secrets", errno)
    }
    append(ControlMessage(kind: UInt32(WIRE_SECRETS)).encode(), to: message)
    for key in keys {
      guard let value = values[key] else { continue }
      append(Self.length(key.name.utf8.count) + Array(key.name.utf8) + Self.length(value.count), to: message)
      _ = unsafe message.append(atMost: value.count) { into in
        unsafe pages.withBytes(value) { value in
          unsafe into.copyBytes(from: value)
          return value.count
        }
      }
    }
    let sent: Result<Void, RunnerError> = unsafe message.withBytes(0..<message.count) { bytes in
      do throws(RunnerError) { return .success(try unsafe process.sendControl(bytes)) } catch { return .failure(error) }
    }
    try sent.get()
  }

  private func append(_ bytes: [UInt8], to message: SecretPages) {
    _ = unsafe message.append(atMost: bytes.count) { into in
      unsafe into.copyBytes(from: bytes)
      return bytes.count
    }
  }

  /// A length as the wire has it.
  private static func length(_ count: Int) -> [UInt8] {
    unsafe withUnsafeBytes(of: UInt16(count)) { unsafe Array($0) }
  }
}
