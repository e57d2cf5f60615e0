import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport

@testable import Reddit

/// A Reddit, and a process that speaks to it.
@PluginActor
final class RedditBench: CallBench {
  let context: Context
  let host: FakeHost
  let journal: JournalDouble
  let reddit: FakeReddit
  let settings: Settings
  /// The parts of the process.
  private(set) var process: Parts
  /// The parts whose poster knows what was posted before.
  private weak var posting: Parts?
  var ended: [EndedCall] = []
  private var line: Line

  init(_ context: Context, _ host: FakeHost, _ journal: JournalDouble) throws {
    (self.context, self.host, self.journal) = (context, host, journal)
    reddit = FakeReddit(context.clock)
    settings = try Settings(context.config, context.binding)
    line = Line(reddit)
    process = Parts(context: context, settings: settings, http: line, random: { 0.5 })
  }

  /// What a process that is killed does not get through any more.
  @PluginActor
  private final class Line: HTTPSending {
    let reddit: FakeReddit
    var isCut = false

    init(_ reddit: FakeReddit) { self.reddit = reddit }

    func send(_ request: HTTPRequest, until deadline: Int64) async throws(RESTFailure) -> RESTAnswer {
      if isCut {
        await reddit.hang()
        throw .cancelled
      }
      return try await reddit.send(request, until: deadline)
    }
  }

  /// Another process in place of the one that was there, which is held up wherever it was, for good.
  func restart() {
    line.isCut = true
    process.intake.close()
    line = Line(reddit)
    process = Parts(context: context, settings: settings, http: line, random: { 0.5 })
  }

  /// The poster of the process, which knows what was posted before.
  var poster: Poster {
    get async throws {
      let process = process
      if posting !== process { try await process.poster.start() }
      posting = process
      return process.poster
    }
  }

  func stream(_ path: String) -> Reddit.Stream {
    Stream(path, context: context, rest: process.rest, intake: process.intake, settings: settings.streams) { _ in }
  }

  func rereader() -> Rereader {
    Rereader(context: context, rest: process.rest, intake: process.intake, settings: settings.streams)
  }

  var api: HTTPDouble { reddit }
  var published: [Envelope] { journal.envelopes }

  /// The published events, in short: `created t1_1`.
  var events: [String] { published.map(\.short) }

  /// Returns when something has come about, or some time later.
  func until(within seconds: Double = 600, _ isSo: () -> Bool) async throws {
    let end = now + seconds
    while !isSo() {
      guard now < end else { throw ProviderError("expected something within \(seconds) s") }
      try await sleep(0.05)
    }
  }

  // MARK: - Calls

  func answer(_ call: RESTCall) async throws(RESTFailure) -> RESTAnswer { try await process.rest.perform(call) }

  func call(
    _ method: String,
    _ path: String,
    _ body: JSON? = nil,
    from requester: String = "worker",
    within: Double = 60
  )
    throws -> RESTCall
  {
    let deadline = context.clock.now.nanoseconds + Int64(within * 1e9)
    return try RESTCall(method, path, body: body, requester: requester, deadline: deadline)
  }

  @discardableResult
  func perform(_ method: String, _ path: String, from requester: String = "worker", within: Double = 60) async throws
    -> EndedCall
  {
    await perform(try call(method, path, from: requester, within: within), as: path)
  }

  /// What a token is asked for with, and why there is none.
  func token() async -> Result<AccessToken, RESTFailure> {
    do throws(RESTFailure) { return .success(try await process.authorizer.token()) } catch { return .failure(error) }
  }
}

extension Envelope {
  /// What it is and of which thing, such as `created t1_1`.
  var short: String {
    let json = (try? JSON.parse(payload)) ?? .null
    let name = json["message_id"]?.stringValue ?? json["stream"]?.stringValue ?? ""
    return "\(intent.replacing("SocialMessage", with: "").lowercased()) \(name)"
  }

  var json: JSON { (try? JSON.parse(payload)) ?? .null }
}
