internal import Envelope

extension AdminOperations {
  func listDeadLetters(_ request: AdminRequest) throws(AdminFailure) {
    let consumers = try request.body["plugin"]?.stringValue.map { (name) throws(AdminFailure) in try records(of: name) }
    let limit = Int(try request.number("limit", in: AdminRequest.limits) ?? 100)
    let after = request.body["after"]?.intValue ?? 0
    open[request.address] = .deadLetters(after: after, left: limit, consumers: consumers)
    giveDeadLetters(to: request.address)
  }

  /// Dead letters read at once: some MiB at the most, as each holds its envelope.
  private static let deadLettersPage = 32

  func giveDeadLetters(to address: AdminAddress) {
    guard case .deadLetters(let after, let left, let consumers) = open[address] else { return }
    let limit = min(left, Self.deadLettersPage)
    host.journal.ask(.deadLetters(after: after, limit: limit, consumers: consumers)) { [weak self] result in
      guard let self, open[address] != nil else { return }
      do throws(JournalError) {
        guard case .deadLetters(let letters) = try result.get() else {
          preconditionFailure("dead letters are answered by dead letters")
        }
        for letter in letters { server.answer(address, .item(letter.summary)) }
        if letters.count == limit, left > limit, let last = letters.last {
          open[address] = .deadLetters(after: last.id, left: left - limit, consumers: consumers)
          return server.awaitRoom(address)
        }
        server.answer(address, .ok([:]))
      } catch {
        server.answer(address, .error(code: "failed", message: error.description))
      }
      open[address] = nil
    }
  }

  func showDeadLetter(_ request: AdminRequest) throws(AdminFailure) {
    guard let id = request.body["dead_letter"]?.intValue else {
      throw AdminFailure("invalid", "dead_letter: expected a number")
    }
    ask(.deadLetter(id), for: request) { reply in
      guard case .deadLetter(let letter?) = reply else {
        return .error(code: "not_found", message: "there is no dead letter \(id)")
      }
      return .ok(letter.whole)
    }
  }

  func replayDeadLetters(_ request: AdminRequest) throws(AdminFailure) {
    if let id = request.body["dead_letter"]?.intValue {
      return host.replay([id]) { [server] replayed in
        server.answer(
          request.address,
          replayed == 0 ? .error(code: "not_found", message: "there is no dead letter \(id)") : .ok(["replayed": 1])
        )
      }
    }
    guard let plugin = request.body["plugin"]?.stringValue else {
      throw AdminFailure("invalid", "expected dead_letter, a number, or plugin, a name")
    }
    let consumers = try records(of: plugin)
    let server = server
    host.journal.ask(.deadLetterIDs(consumers: consumers)) { [host] result in
      guard case .success(.deadLetterIDs(let ids)) = result else {
        return server.answer(request.address, .error(code: "failed", message: "the journal cannot be read"))
      }
      host.replay(ids) { replayed in
        server.answer(request.address, .ok(["replayed": .int(Int64(replayed))]))
      }
    }
  }

  /// The consumers of a plugin, of which an access plugin has one for each tenant, or the one of that name.
  private func records(of plugin: String) throws(AdminFailure) -> [Int64] {
    let records = host.router.consumers.filter { $0.plugin == plugin || $0.name == plugin }.map(\.record)
    guard !records.isEmpty else { throw AdminFailure("not_found", "no plugin \(plugin) runs here") }
    return records
  }

  private func ask(
    _ command: JournalCommand,
    for request: AdminRequest,
    _ answer: @escaping (JournalReply) -> AdminAnswer
  ) {
    host.journal.ask(command) { [server] result in
      let made: AdminAnswer =
        switch result {
        case .success(let reply): answer(reply)
        case .failure(let error): .error(code: "failed", message: error.description)
        }
      server.answer(request.address, made)
    }
  }
}

extension HostProcess {
  /// Dead letters that are recorded again before anything else has its turn at the journal.
  private static let replayPage = 256

  /// Records dead letters again, for their consumers.
  func replay(_ ids: [Int64], then: @escaping (Int) -> Void) {
    replay(ids[...], replayed: 0, then: then)
  }

  private func replay(_ ids: ArraySlice<Int64>, replayed before: Int, then: @escaping (Int) -> Void) {
    let page = ids.prefix(Self.replayPage)
    guard let last = page.last else { return then(before) }
    var replayed = before
    for id in page {
      journal.ask(.replay(deadLetter: id)) { [weak self] result in
        if case .success(.replayed(let sequence?)) = result {
          replayed += 1
          self?.router.appended(through: sequence)
        }
        if id == last { self?.replay(ids.dropFirst(page.count), replayed: replayed, then: then) }
      }
    }
  }
}
