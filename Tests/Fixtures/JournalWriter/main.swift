// Records envelopes in a journal for ever, and appends a line with id and sequence of each that was reported as
// recorded to a file. Who starts it kills it: JournalWriter JOURNAL REPORT ROUND

import Envelope
import Glibc
import Host
import Locking

let arguments = CommandLine.arguments
guard arguments.count == 4 else { fatalError("expected JOURNAL REPORT ROUND") }
let report = unsafe open(arguments[2], O_WRONLY | O_APPEND)
let ids = Locked<[UInt64: String]>([:])
var options = Journal.Options()
options.dedupeWindow = 1 << 20
let thread = try JournalThread(Journal(path: arguments[1], options: options)) { answers in
  var lines = ""
  for answer in answers {
    let id = ids.withLock { $0.removeValue(forKey: answer.token) }
    guard let id, case .success(.committed(let outcome)) = answer.result else { abort() }
    guard case .recorded(let sequence) = outcome.appends.first else { abort() }
    lines += "\(id) \(sequence)\n"
  }
  unsafe write(report, lines, lines.utf8.count)
}
var token: UInt64 = 0
while true {
  // Pushes back as the router does, so that some commits lie in the database and others in a file.
  while thread.backlog > 200 { sched_yield() }
  token += 1
  let id = "\(arguments[3])-\(token)"
  let payload = Array("payload of \(id)".utf8) + [UInt8](repeating: UInt8(ascii: "."), count: 800)
  var envelope = Envelope(topic: "promethean.p.echo.t.demo.events.Test", payload: payload)
  envelope.id = id
  envelope.ts = 1_000
  var batch = JournalBatch()
  batch.appends = [
    JournalAppend(
      digest: DedupeDigest(src: "test", provider: "echo", tenant: "demo", id: id),
      envelope: try envelope.binary()
    )
  ]
  ids.withLock { $0[token] = id }
  thread.post(.commit(batch), token: token)
}
