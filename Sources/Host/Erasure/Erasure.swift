internal import Envelope
internal import PluginABI

/// What is to be erased.
package struct ErasureOrder: Sendable {
  package var person: Person
  package let collections: [String]
  /// Whether somebody fetches for the tenant.
  package let hasFetch: Bool
  /// Whether to look only.
  package let isDry: Bool
}

/// What became of an erasure.
package struct ErasureReport: Sendable {
  package var documents: Int64 = 0
  package var vectors: Int64 = 0
  package var redacted: Int64 = 0
  package var blobs: Int64 = 0
  package var records = 0
  package var deadLetters = 0
  package var messages = 0
  package var texts = 0
  /// Nil: it was a look only.
  package var proof: ErasureProof.Result?
}

/// Why an erasure ended before its end.
struct ErasureFailure: Error {
  let message: String
}

/// The way of one erasure through all that holds something of somebody: documents, which tell the messages; the
/// journal, which tells those that were never stored; both again, for what was on its way; and the proof.
///
/// It belongs to the loop's thread, and each of its steps is short. One that stops midway is begun again, and does what
/// is left.
final class Erasure {
  typealias End = (Result<ErasureReport, ErasureFailure>) -> Void

  /// What is done, in this order.
  enum Part {
    /// Takes up what an earlier run wrote down.
    case recall
    /// Asks for the documents that there are.
    case askDocuments(collection: Int, cursor: JSON?)
    /// Looks through the journal, for messages that are no documents.
    case readJournal(ErasurePlace)
    /// Writes down what is known of texts, before what tells it is gone.
    case note
    /// Has what was fetched forgotten, which others keep in blobs.
    case forgetFetched
    /// Erases documents: first those that are known, some at a time.
    case eraseDocuments(collection: Int, known: ArraySlice<String>, cursor: JSON?)
    case eraseJournal(ErasurePlace)
    case prove
  }

  unowned let host: HostProcess
  var order: ErasureOrder
  var report = ErasureReport()
  private let end: End
  var part: Part
  /// Whether the documents are gone through for the second time.
  private var isSecond = false
  private var prover: BackgroundThread?
  /// What is known of texts, for the next run if this one does not come to its end.
  private let notes: ErasureNotes

  init(host: HostProcess, order: ErasureOrder, end: @escaping End) {
    (self.host, self.order, self.end) = (host, order, end)
    notes = ErasureNotes(AdminOperations.digest(order.person.urn), in: host.paths.root)
    part = order.isDry ? .askDocuments(collection: 0, cursor: nil) : .recall
  }

  /// Goes on with what is next.
  func go(_ part: Part) {
    self.part = part
    switch part {
    case .recall: recall()
    case .askDocuments(let collection, let cursor):
      guard collection < order.collections.count else { return go(.readJournal(.records(after: 0))) }
      ask(order.collections[collection], cursor)
    case .readJournal(let place): read(place, isDry: true)
    case .note: note()
    case .forgetFetched: forgetFetched()
    case .eraseDocuments(let collection, let known, let cursor):
      guard collection < order.collections.count else {
        return go(isSecond ? .prove : .eraseJournal(.records(after: 0)))
      }
      erase(order.collections[collection], known, cursor)
    case .eraseJournal(let place): read(place, isDry: order.isDry)
    case .prove: prove()
    }
  }

  /// Ends it before its end.
  func fail(_ message: String) { finish(.failure(ErasureFailure(message: message))) }

  private func finish(_ result: Result<ErasureReport, ErasureFailure>) {
    host.erasure = nil
    end(result)
  }

  private func recall() {
    do throws(HostError) {
      try notes.load(into: &order.person)
      go(.askDocuments(collection: 0, cursor: nil))
    } catch {
      fail("nothing is erased: \(error)")
    }
  }

  private func note() {
    do throws(HostError) {
      try notes.save(order.person)
      go(.forgetFetched)
    } catch {
      fail("nothing is erased: \(error)")
    }
  }

  // MARK: - The journal

  private func read(_ place: ErasurePlace, isDry: Bool) {
    host.journal.ask(.erase(order.person, from: place, isDry: isDry)) { [weak self] result in
      guard let self else { return }
      do throws(JournalError) {
        guard case .erased(let findings) = try result.get() else {
          preconditionFailure("an erasure is answered by what it found")
        }
        found(findings)
      } catch {
        fail(error.description)
      }
    }
  }

  private func found(_ findings: ErasureFindings) {
    for involvement in findings.involved {
      order.person.insert(message: involvement.message, text: involvement.text)
    }
    if case .readJournal = part {
      if let next = findings.next { return go(.readJournal(next)) }
      return go(order.isDry ? .eraseJournal(.records(after: 0)) : .note)
    }
    report.records += findings.records
    report.deadLetters += findings.deadLetters
    if let next = findings.next { return go(.eraseJournal(next)) }
    guard !order.isDry else { return conclude(nil) }
    isSecond = true
    go(documents)
  }

  /// The documents, from the beginning.
  var documents: Part {
    host.router.forget(order.person)
    return .eraseDocuments(collection: 0, known: order.person.messages.sorted()[...], cursor: nil)
  }

  // MARK: - The proof

  private func prove() {
    let (root, needles, perform) = (host.paths.root, order.person.proof, host.performer)
    do throws(HostError) {
      prover = try BackgroundThread("erasure-proof") {
        let result = ErasureProof.search(root, for: needles)
        perform { $0.erasure?.conclude(result) }
      }
    } catch {
      fail("nothing is proven: \(error)")
    }
  }

  private func conclude(_ proof: ErasureProof.Result?) {
    prover?.join()
    report.messages = order.person.messages.count
    report.texts = order.person.texts
    report.proof = proof
    if let proof, proof.findings.isEmpty, proof.unread.isEmpty { notes.remove() }
    finish(.success(report))
  }
}

extension Router {
  /// Takes out of the consumers' windows what is somebody's and was given to nobody yet.
  func forget(_ person: Person) {
    for consumer in consumers {
      for sequence in consumer.queue.waiting(where: { person.involvement(in: $0) != nil }) {
        conclude(sequence, of: consumer)
      }
    }
  }
}
