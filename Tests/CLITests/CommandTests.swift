import Envelope
import Glibc
import Host
import Testing

@testable import CLI

/// Commands from the words to what is printed, against a host that answers as told.
struct CommandTests {
  private func run(_ words: String..., answer: @escaping FakeHost.Answer) throws -> Run {
    let host = try FakeHost(answer)
    return withExtendedLifetime(host) { Run(words + ["--deployment", host.deployment]) }
  }

  @Test func `each command says that no host runs`() {
    let directory = TemporaryDirectory()
    let echo = ["--provider", "echo", "--tenant", "demo"]
    let lines = [
      ["down"], ["status"], ["tap"], ["reload", "echo"], ["logs"], ["dlq", "list"], ["dlq", "show", "1"],
      ["dlq", "replay", "1"],
      ["request", "promethean.p.echo.t.demo.control.send"], ["query", "messages"] + echo,
      ["send", "--text", "x"] + echo, ["backfill", "--all"] + echo,
    ]
    for line in lines {
      let run = Run(line + ["--deployment", directory.path])
      #expect(run.code == .failure)
      #expect(run.errors == "promethean: no host is running for \(directory.path) (promethean up starts one)\n")
      #expect(run.output.isEmpty)
    }
  }

  @Test func `the deployment may come from the environment`() throws {
    let host = try FakeHost { request, connection in
      connection.ok(request, ["instances": []])
      return true
    }
    let run = Run(["status"], environment: ["PROMETHEAN_DEPLOYMENT": host.deployment])
    #expect(run.output == "no instance is configured\n")
  }

  @Test func `sending a file counts what is accepted`() throws {
    let messages = (1...600).map { #"{"id":"m\#($0)","text":"x"}"# }.joined(separator: "\n")
    let directory = TemporaryDirectory()
    let path = try directory.file("messages.ndjson", messages + "\n")
    let run = try run("send", "--provider", "echo", "--tenant", "demo", "--file", path) { request, connection in
      guard request["op"] == "request", request["topic"] == "promethean.p.echo.t.demo.control.send",
        request["intent"] == "send", let id = request["payload"]?["id"],
        Traceparent(request["trace"]?.stringValue ?? "") != nil
      else { return false }
      connection.ok(request, ["envelope": ["data": ["status": "accepted", "id": id]]])
      return true
    }
    #expect(run.output == "600 accepted\n")
    #expect(run.errors.isEmpty)
    #expect(run.code == .success)
  }

  @Test func `sending names each refused line`() throws {
    let directory = TemporaryDirectory()
    let path = try directory.file("messages.ndjson", "{\"id\":1}\n{nonsense\n\n[1]\n{\"id\":2}\n{\"id\":3}")
    let answer: FakeHost.Answer = { request, connection in
      if request["payload"]?["id"] == 2 {
        connection.error(request, "failed", "no text")
      } else {
        connection.ok(request, ["envelope": ["data": ["id": request["payload"]?["id"] ?? .null]]])
      }
      return true
    }
    let plain = try run("send", "-p", "echo", "-t", "demo", path, answer: answer)
    #expect(plain.code == .failure)
    #expect(plain.output == "2 accepted, 3 refused\n")
    let errors = plain.errors.split(separator: "\n")
    #expect(errors.count == 3)
    #expect(errors[0].hasPrefix("messages.ndjson:2: invalid: not JSON: column 2: "))
    #expect(errors[1] == "messages.ndjson:4: invalid: expected a JSON object")
    #expect(errors[2] == "messages.ndjson:5: failed: no text")

    let json = try run("send", "-p", "echo", "-t", "demo", path, "--json", answer: answer)
    let lines = try json.lines.map { try JSON.parse($0) }
    #expect(lines.last == ["accepted": 2, "refused": 3, "unanswered": 0])
    #expect(lines.contains(["line": 1, "status": "accepted", "id": 1]))
    #expect(lines.contains(["line": 5, "status": "refused", "code": "failed", "message": "no text"]))
    #expect(json.errors.isEmpty)
  }

  @Test func `a host that goes away leaves the sum of what was accepted`() throws {
    let directory = TemporaryDirectory()
    let path = try directory.file("m.ndjson", "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n")
    let run = try run("send", "-p", "echo", "-t", "demo", path) { request, connection in
      guard request["payload"]?["id"] != 3 else { return false }
      connection.ok(request, ["envelope": ["data": [:]]])
      return true
    }
    #expect(run.code == .failure)
    #expect(run.output == "2 accepted\n")
    #expect(run.errors == "promethean: 1 messages are unanswered: the host closed the connection\n")
  }

  @Test func `a text is one message with what the options say`() throws {
    let run = try run(
      "send",
      "-p",
      "echo",
      "-t",
      "demo",
      "--text",
      "hello",
      "--space",
      "s",
      "--author",
      "a",
      "--in-reply-to",
      "m1"
    ) { request, connection in
      let message = request["payload"]
      let isRight =
        message?["text"] == "hello" && message?["space"] == "s" && message?["author"] == "a"
        && message?["in_reply_to"] == "m1" && message?["thread"] == nil && message?["created_at"]?.intValue ?? 0 > 0
      if isRight { connection.ok(request) } else { connection.error(request, "invalid", "\(request)") }
      return true
    }
    #expect(run.output == "1 accepted\n", "\(run.errors)")
  }

  @Test(arguments: [[], ["--text", "x", "--file", "y"], ["y", "--file", "y"]])
  func `what to send is said once`(words: [String]) {
    let run = Run(["send", "-p", "echo", "-t", "demo"] + words)
    #expect(run.code == .usage)
    #expect(
      run.errors
        == "promethean: either --file FILE or --text TEXT is needed, and not both\npromethean send --help explains\n"
    )
  }

  @Test func `a missing file is named`() throws {
    let run = Run("send", "-p", "echo", "-t", "demo", "--file", "/nonexistent.ndjson")
    #expect(run.errors == "promethean: cannot read /nonexistent.ndjson: No such file or directory\n")
    #expect(run.code == .failure)
  }

  @Test func `a query is a request with its conditions, page after page`() throws {
    let answer: FakeHost.Answer = { request, connection in
      if request["op"] == "wait_settled" {
        connection.ok(request, ["behind": 0])
        return true
      }
      guard request["topic"] == "promethean.p.echo.t.demo.storage.documents.query", request["resource"] == "messages",
        let payload = request["payload"], payload["text"] == "emacs", payload["space"] == "urn:echo:space:demo:r/x",
        payload["since"] == "2026-11-20T00:00:00Z",
        payload["until"] == nil, payload["order"] == "newest"
      else {
        connection.error(request, "invalid", "\(request)")
        return true
      }
      let first = payload["cursor"]?.intValue ?? 0
      let count = min(payload["limit"]?.intValue ?? 0, 90)
      let documents: [JSON] = (first..<first + count).map { number in
        [
          "created_at": 1_795_255_200_000, "space": "r/x", "author": "me",
          "text": .string("line \(number)\nof emacs"),
        ]
      }
      connection.ok(request, ["envelope": ["data": ["documents": .array(documents), "next": .int(first + count)]]])
      return true
    }
    let words =
      ["query", "-p", "echo", "-t", "demo", "messages", "--text", "emacs", "--since", "2026-11-20"] + [
        "--space", "urn:echo:space:demo:r/x",
      ]
    let host = try FakeHost(answer)
    let table = Run(words + ["--limit", "2", "--deployment", host.deployment])
    #expect(
      table.lines == [
        "TIME                 SPACE  AUTHOR  TEXT",
        "2026-11-21 10:00:00  r/x    me      line 0 of emacs",
        "2026-11-21 10:00:00  r/x    me      line 1 of emacs",
      ],
      "\(table.errors)"
    )
    let other = try FakeHost(answer)
    let json = Run(words + ["--limit", "200", "--json", "--deployment", other.deployment])
    #expect(json.lines.count == 200, "\(json.errors)")
    #expect(try JSON.parse(json.lines[199])["text"] == "line 199\nof emacs")
  }

  @Test func `a count is a number`() throws {
    let run = try run("query", "-p", "echo", "-t", "demo", "messages", "--count") { request, connection in
      if request["op"] == "wait_settled" {
        connection.ok(request, ["behind": 3])
        return true
      }
      guard request["topic"] == "promethean.p.echo.t.demo.storage.documents.count" else { return false }
      connection.ok(request, ["envelope": ["data": ["count": 1739]]])
      return true
    }
    #expect(run.output == "1739\n")
    #expect(run.errors == "3 recorded messages are not stored yet; promethean status shows who is behind\n")
  }

  @Test func `tap ends after its count`() throws {
    let event: JSON = [
      "specversion": "1.0", "topic": "t", "type": "promethean.events.beat", "source": "urn:promethean:x",
    ]
    let answer: FakeHost.Answer = { request, connection in
      guard request["op"] == "tap", request["pattern"] == "promethean.p.echo.t.demo.>", request["count"] == 2 else {
        return false
      }
      connection.item(request, ["envelope": event])
      connection.item(request, ["dropped": 7])
      connection.item(request, ["envelope": event])
      return true
    }
    let plain = try run("tap", "promethean.p.echo.t.demo.>", "--count", "2", answer: answer)
    #expect(plain.lines == ["t  beat  x", "(7 left out: they came faster than they were read)", "t  beat  x"])
    let json = try run("tap", "promethean.p.echo.t.demo.>", "--count", "2", "--json", answer: answer)
    #expect(try json.lines.map { try JSON.parse($0) } == [event, ["dropped": 7], event])
  }

  @Test func `a reader that leaves ends a stream quietly`() throws {
    signal(SIGPIPE, SIG_IGN)
    let host = try FakeHost { request, connection in
      connection.item(request, ["envelope": ["topic": "t"]])
      return true
    }
    var pipes: [Int32] = [0, 0]
    #expect(unsafe pipe(&pipes) == 0)
    close(pipes[0])
    defer { close(pipes[1]) }
    let errors = host.directory.open("errors")
    defer { close(errors) }
    let code = Program(environment: [:], output: pipes[1], errors: errors).run(["tap", "--deployment", host.deployment])
    #expect(code == .success)
    #expect(lseek(errors, 0, SEEK_END) == 0)
  }

  @Test func `a full disk is an error`() throws {
    let full = unsafe open("/dev/full", O_WRONLY)
    let directory = TemporaryDirectory()
    let errors = directory.open("errors")
    defer {
      close(full)
      close(errors)
    }
    #expect(Program(environment: [:], output: full, errors: errors).run(["version"]) == .failure)
    #expect(lseek(errors, 0, SEEK_END) > 0)
  }

  @Test func `a request prints the payload of its answer`() throws {
    let answer: FakeHost.Answer = { request, connection in
      guard request["intent"] == "count", request["payload"] == ["a": 1], request["timeout_ms"] == 2000 else {
        connection.error(request, "invalid", "\(request)")
        return true
      }
      connection.ok(request, ["envelope": ["topic": "t", "data": ["count": 3]]])
      return true
    }
    let words = [
      "request", "promethean.p.echo.t.demo.storage.documents.count", "--payload", #"{"a":1}"#, "--timeout", "2s",
    ]
    let host = try FakeHost(answer)
    #expect(try JSON.parse(Run(words + ["--deployment", host.deployment]).output) == ["count": 3])
    let other = try FakeHost(answer)
    let json = Run(words + ["--json", "--deployment", other.deployment])
    #expect(try JSON.parse(json.output) == ["topic": "t", "data": ["count": 3]])
  }

  @Test func `an error of the host is printed with its code`() throws {
    let answer: FakeHost.Answer = { request, connection in
      connection.error(request, "timeout", "no answer in 10 s")
      return true
    }
    let plain = try run("request", "promethean.p.echo.t.demo.control.send", answer: answer)
    #expect(plain.errors == "promethean: timeout: no answer in 10 s\n")
    #expect(plain.code == .failure)
    let json = try run("request", "promethean.p.echo.t.demo.control.send", "--json", answer: answer)
    #expect(
      try JSON.parse(json.errors) == ["error": ["code": "timeout", "message": "timeout: no answer in 10 s"]]
    )
  }

  @Test func `logs asks for what is wanted and prints it`() throws {
    let run = try run("logs", "--plugin", "echo", "--level", "warn", "-n", "7", "--audit") { request, connection in
      let expected: [String: JSON] = ["plugin": "echo", "level": "warn", "limit": 7, "audit": true, "follow": false]
      guard expected.allSatisfy({ request[$0.key] == $0.value }) else { return false }
      connection.item(request, ["ts": "2026-11-21T10:00:00Z", "level": "warn", "plugin": "echo", "message": "denied"])
      connection.ok(request)
      return true
    }
    #expect(run.output == "2026-11-21 10:00:00  WARN   echo  denied\n")
  }

  @Test func `dead letters are listed, shown and replayed`() throws {
    let letter: JSON = [
      "id": 17, "consumer": "indexer", "plugin": "message-indexer", "topic": "t", "intent": "SocialMessageCreated",
      "envelope_id": "e", "attempts": 5, "reason": "no text", "time": "2026-11-21T10:00:00Z",
    ]
    let list = try run("dlq", "list", "--plugin", "message-indexer") { request, connection in
      guard request["op"] == "dead_letters.list", request["plugin"] == "message-indexer" else { return false }
      connection.item(request, letter)
      connection.ok(request)
      return true
    }
    #expect(
      list.lines == [
        "ID  TIME                 CONSUMER  INTENT                ATTEMPTS  REASON",
        "17  2026-11-21 10:00:00  indexer   SocialMessageCreated         5  no text",
      ]
    )
    let show = try run("dlq", "show", "17", "--json") { request, connection in
      guard request["dead_letter"] == 17 else { return false }
      connection.ok(request, letter)
      return true
    }
    #expect(try JSON.parse(show.output) == letter)
    let replay = try run("dlq", "replay", "--plugin", "x") { request, connection in
      guard request["op"] == "dead_letters.replay", request["plugin"] == "x" else { return false }
      connection.ok(request, ["replayed": 3])
      return true
    }
    #expect(replay.output == "3 replayed\n")
    #expect(Run("dlq", "replay").code == .usage)
    #expect(Run("dlq", "replay", "1", "--plugin", "x").code == .usage)
  }

  @Test func `plugins are named with --safe only`() {
    let run = Run("up", "storage")
    #expect(run.code == .usage)
    #expect(
      run.errors
        == "promethean: storage is named without --safe, which starts only what is named\npromethean up --help explains\n"
    )
  }

  @Test func `a wrong line points to the help of its command`() {
    #expect(
      Run("dlq", "shwo").errors
        == "promethean: promethean dlq has no command \"shwo\" (did you mean show?)\npromethean dlq --help explains\n"
    )
    #expect(
      Run("--json", "frob").errors == #"{"error":{"code":"usage","message":"promethean has no command \"frob\""}}"#
        + "\n"
    )
    #expect(Run("frob").code == .usage)
  }
}
