import Envelope
import Glibc
import Locking
import Testing

@testable import Host

/// A directory that is gone after the test.
private final class Scratch {
  let path: String

  init() {
    var template = Array("/tmp/promethean-log-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
      unsafe buffer.baseAddress.flatMap { unsafe mkdtemp($0) } != nil
    }
    #expect(made)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in names() { unsafe unlink("\(path)/\(name)") }
    unsafe rmdir(path)
  }

  func names() -> [String] {
    guard let directory = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  func lines(_ name: String) -> [String] {
    guard let file = unsafe fopen("\(path)/\(name)", "r") else { return [] }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = unsafe fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  func messages(_ name: String) throws -> [String] {
    try lines(name).map { try #require(JSON.parse($0)["message"]?.stringValue) }
  }
}

struct LogTests {
  private let scratch: Scratch

  init() {
    scratch = Scratch()
  }

  private func log(_ change: (inout Log.Options) -> Void = { _ in }) throws -> Log {
    var options = Log.Options(directory: scratch.path)
    change(&options)
    return try Log(options)
  }

  @Test func `records are lines of JSON, and audits stand in both files`() throws {
    let log = try log()
    log.info("one")
    log.audit("may it?", allowed: false, ["corr": "c"], plugin: "echo", instance: "echo/demo", tenant: "echo/demo")
    log.debug("too fine")
    log.close()
    #expect(try scratch.messages("host.log") == ["one", "may it?"])
    let audit = try #require(scratch.lines("audit.log").first)
    #expect(try JSON.parse(audit)["outcome"] == "denied")
    #expect(try JSON.parse(audit)["audit"] == true)
    #expect(scratch.lines("audit.log").count == 1)
  }

  @Test func `files are for their owner alone`() throws {
    let log = try log()
    log.info("one")
    log.close()
    var status = stat()
    #expect(unsafe stat("\(scratch.path)/host.log", &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
  }

  @Test func `a restart goes on where the files end`() throws {
    for message in ["one", "two"] {
      let log = try log()
      log.info(message)
      log.close()
    }
    #expect(try scratch.messages("host.log") == ["one", "two"])
  }

  @Test func `a full file is set aside, and the oldest go`() throws {
    let log = try log { options in
      options.fileBytesMax = 1000
      options.files = 3
    }
    for number in 0..<40 {
      log.info("message \(number) \(String(repeating: "x", count: 100))")
      log.flush()
    }
    log.close()
    #expect(scratch.names() == ["host.log", "host.log.1", "host.log.2"])
    let numbers = try ["host.log.2", "host.log.1", "host.log"].flatMap { try scratch.messages($0) }
      .map { try #require(Int($0.split(separator: " ")[1])) }
    #expect(numbers.last == 39)
    #expect(numbers == Array((numbers.first ?? 0)...39), "what is left is the end, in order")
    for name in scratch.names() {
      #expect(scratch.lines(name).reduce(0) { $0 + $1.utf8.count + 1 } <= 1000)
    }
  }

  @Test func `a disk that takes nothing is told once, and so is that it takes again`() throws {
    let directory = scratch.path + "/not-there-yet"
    var options = Log.Options(directory: directory)
    options.files = 1
    let log = try Log(options)
    log.flush()
    unsafe rmdir(directory)
    for number in 1...3 {
      log.info("lost \(number)")
      log.flush()
    }
    let told = log.latest(10).filter { $0.level == .error }.compactMap { $0.json["message"]?.stringValue }
    #expect(
      told == ["log: cannot open \(directory)/host.log: No such file or directory; going on without host.log"]
    )
    unsafe mkdir(directory, 0o700)
    log.info("back")
    log.close()
    // The three lines, and the one that told of the trouble.
    #expect(
      log.latest(1).first?.json["message"] == "log: host.log can be written again; 4 lines are missing from it"
    )
    #expect(try scratch.messages("not-there-yet/host.log").first == "back")
    unsafe unlink("\(directory)/host.log")
    unsafe rmdir(directory)
  }

  @Test func `a device with no space left is the same trouble`() throws {
    var file = LogFile(path: "/dev/full", bytesMax: 1000, files: 2)
    guard case .failed(let error)? = file.append([0x0A], lines: 1) else {
      Issue.record("expected the first write to fail")
      return
    }
    #expect(error.description == "cannot write to /dev/full: No space left on device")
    #expect(file.append([0x0A], lines: 1) == nil)
  }

  @Test func `a log is not written through somebody else's link`() throws {
    unsafe symlink("/dev/null", "\(scratch.path)/host.log")
    var file = LogFile(path: "\(scratch.path)/host.log", bytesMax: 1000, files: 2)
    guard case .failed(let error)? = file.append([0x0A], lines: 1) else {
      Issue.record("expected the link to be refused")
      return
    }
    #expect(error.description.hasSuffix("host.log: Too many levels of symbolic links"))
  }

  @Test func `what finds no room is dropped, counted, and told`() throws {
    let metrics = Metrics()
    var options = Log.Options(directory: scratch.path)
    options.queueBytesMax = 1
    let log = try Log(options, metrics: metrics)
    for _ in 0..<5 { log.info("no room") }
    log.close()
    #expect(try scratch.messages("host.log").allSatisfy { $0.contains("records were dropped") })
    let told = try scratch.lines("host.log").reduce(0) {
      try $0 + (JSON.parse($1)["fields"]?["dropped"]?.intValue ?? 0)
    }
    #expect(told == 5)
    let page = ExposedPage(metrics.expose().text)
    #expect(page.value("promethean_log_dropped_total") == 5)
    #expect(try #require(page.value("promethean_log_records_total", ["level": "info"])) == 5)
  }

  @Test func `many threads lose nothing, and their lines stay whole and in order`() async throws {
    let log = try log { options in
      options.fileBytesMax = 1 << 30
      options.queueBytesMax = 1 << 30
    }
    let (threads, rounds) = (8, 500)
    await withTaskGroup(of: Void.self) { group in
      for thread in 0..<threads {
        group.addTask { @concurrent in
          for round in 0..<rounds { log.info("m", ["thread": .int(Int64(thread)), "round": .int(Int64(round))]) }
        }
      }
    }
    log.close()
    var next = [Int64](repeating: 0, count: threads)
    for line in scratch.lines("host.log") {
      let fields = try #require(JSON.parse(line)["fields"])
      let thread = try Int(#require(fields["thread"]?.intValue))
      #expect(fields["round"]?.intValue == next[thread])
      next[thread] += 1
    }
    #expect(next == Array(repeating: Int64(rounds), count: threads))
  }

  @Test func `after it is closed it goes on in memory`() throws {
    let log = try log()
    log.close()
    log.close()
    log.info("late")
    log.flush()
    #expect(log.latest(1).first?.json["message"] == "late")
    #expect(scratch.lines("host.log") == [])
  }
}

struct LogHistoryTests {
  private let log: Log

  init() throws {
    log = try Log(Log.Options())
  }

  private func messages(_ entries: [LogEntry]) -> [String] { entries.compactMap { $0.json["message"]?.stringValue } }

  @Test func `the latest records are kept, so many and no more`() {
    for number in 0..<5000 { log.info("\(number)") }
    log.close()
    let kept = messages(log.latest(.max))
    #expect(kept.count == LogHistory.entriesMax)
    #expect(kept.first == "3000" && kept.last == "4999")
    #expect(messages(log.latest(2)) == ["4998", "4999"])
  }

  @Test func `records of the audit are there however much is logged after them, so many and no more`() {
    for number in 0..<600 { log.audit("\(number)", allowed: false, plugin: "villain") }
    for _ in 0..<2 * LogHistory.entriesMax { log.info("noise") }
    log.close()
    let kept = messages(log.latest(.max, matching: LogFilter(isAudit: true)))
    #expect(kept == (600 - LogHistory.auditsMax..<600).map(String.init))
    #expect(Set(messages(log.latest(.max))) == ["noise"])
  }

  @Test func `long records are kept within the bytes there are for them`() {
    for _ in 0..<1000 { log.info(String(repeating: "x", count: 10_000)) }
    log.close()
    let bytes = log.latest(.max).reduce(0) { $0 + $1.line.count }
    #expect(bytes <= LogHistory.bytesMax)
    #expect(bytes > LogHistory.bytesMax - LogRecord.lineMax)
  }

  @Test(arguments: [
    (LogFilter(), ["host", "echo", "audit", "indexer"]),
    (LogFilter(plugin: "echo"), ["echo", "audit"]),
    (LogFilter(plugin: "indexer#2"), ["indexer"]),
    (LogFilter(level: .warn), ["audit", "indexer"]),
    (LogFilter(isAudit: true), ["audit"]),
    (LogFilter(plugin: "nobody"), []),
  ])
  func `a filter picks by plugin or instance, level, and audit`(filter: LogFilter, expected: [String]) {
    log.info("host")
    log.info("echo", plugin: "echo", instance: "echo/demo")
    log.audit("audit", allowed: false, plugin: "echo", instance: "echo/demo")
    log.error("indexer", plugin: "indexer", instance: "indexer#2")
    log.close()
    #expect(messages(log.latest(10, matching: filter)) == expected)
  }

  @Test func `a follower sees the past and then the present, each once`() {
    let woken = Locked(0)
    log.info("past")
    let subscription = log.subscribe(backlog: 10) { woken.withLock { $0 += 1 } }
    log.info("present")
    #expect(messages(subscription.take().entries) == ["past", "present"])
    #expect(woken.withLock { $0 } == 0, "who has something to take needs no waking")
    log.info("next")
    log.info("and next")
    #expect(woken.withLock { $0 } == 1)
    #expect(messages(subscription.take().entries) == ["next", "and next"])
    #expect(subscription.take().entries.isEmpty)
    log.close()
  }

  @Test func `a follower who is slow loses the newest, and is told how many`() {
    let subscription = log.subscribe(capacity: 3) {}
    for number in 0..<10 { log.info("\(number)") }
    let taken = subscription.take()
    #expect(messages(taken.entries) == ["0", "1", "2"])
    #expect(taken.dropped == 7)
    log.info("again")
    #expect(subscription.take().dropped == 0)
    log.close()
  }

  @Test func `a follower who has gone is forgotten`() {
    weak var gone: LogSubscription?
    do {
      let subscription = log.subscribe {}
      gone = subscription
      log.info("one")
    }
    #expect(gone == nil)
    log.close()
  }
}
