import PluginKit
import ProviderKit
import TestSupport

@testable import Reddit

/// A Reddit, and a process that speaks to it.
@PluginActor
final class RedditBench {
  /// How a call ended, and when, in seconds since the beginning.
  struct Ended: Sendable {
    let name: String
    let result: Result<RESTAnswer, RESTFailure>
    let began: Double
    let time: Double

    var status: Int? { try? result.get().status }
    var failure: RESTFailure? { if case .failure(let failure) = result { failure } else { nil } }
  }

  let context: Context
  let host: FakeHost
  let journal: JournalDouble
  let reddit: FakeReddit
  let settings: Settings
  private(set) var process: RedditProcess
  private(set) var ended: [Ended] = []

  init(_ context: Context, _ host: FakeHost, _ journal: JournalDouble) throws {
    (self.context, self.host, self.journal) = (context, host, journal)
    reddit = FakeReddit(context.clock)
    settings = try Settings(context.config, context.binding)
    process = RedditProcess(context, reddit, settings)
  }

  /// Another process in place of the one that was there, which is held up wherever it was, for good.
  @discardableResult
  func restart() -> RedditProcess {
    process.kill()
    process = RedditProcess(context, reddit, settings)
    return process
  }

  var now: Double { reddit.now }
  var published: [Envelope] { journal.envelopes }

  /// The published events, in short: `created t1_1`.
  var events: [String] { published.map(\.short) }

  func sleep(_ seconds: Double) async throws { try await context.clock.sleep(for: .milliseconds(Int(seconds * 1000))) }

  /// Returns when something has come about, or some time later.
  func until(within seconds: Double = 600, _ isSo: () -> Bool) async throws {
    let end = now + seconds
    while !isSo() {
      guard now < end else { throw ProviderError("expected something within \(seconds) s") }
      try await sleep(0.05)
    }
  }

  // MARK: - Calls

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
  func perform(_ call: RESTCall, as name: String = "") async -> Ended {
    let began = now
    let result: Result<RESTAnswer, RESTFailure>
    do throws(RESTFailure) {
      result = .success(try await process.rest.perform(call))
    } catch {
      result = .failure(error)
    }
    let end = Ended(name: name, result: result, began: began, time: now)
    ended.append(end)
    return end
  }

  @discardableResult
  func perform(_ method: String, _ path: String, from requester: String = "worker", within: Double = 60) async throws
    -> Ended
  {
    await perform(try call(method, path, from: requester, within: within), as: path)
  }

  /// Performs calls that begin in their order, at the same time; returns when all have ended.
  func performAll(_ calls: [RESTCall]) async {
    await withTaskGroup(of: Void.self) { group in
      for (number, call) in calls.enumerated() {
        group.addTask { [self] in _ = await perform(call, as: "\(number)") }
      }
    }
  }

  /// What a token is asked for with, and why there is none.
  func token() async -> Result<AccessToken, RESTFailure> {
    do throws(RESTFailure) { return .success(try await process.authorizer.token()) } catch { return .failure(error) }
  }
}

/// The parts of one process; as in `Parts`, with what speaks to Reddit replaced.
@PluginActor
final class RedditProcess {
  let authorizer: Authorizer
  let rest: RESTClient
  let places: Places
  let intake: Intake
  let proxy: RESTProxy
  let poster: Poster
  /// Whether the poster knows what was posted before.
  var isPosting = false
  private let context: Context
  private let line: Line
  private let settings: Settings

  /// What a process that is killed does not get through any more.
  @PluginActor
  private final class Line: HTTPSending {
    let reddit: FakeReddit
    var isCut = false
    init(_ reddit: FakeReddit) { self.reddit = reddit }
    func send(_ request: HTTPRequest, until deadline: Int64) async throws(RESTFailure) -> RESTAnswer {
      if isCut { await reddit.hang() }
      return try await reddit.send(request, until: deadline)
    }
  }

  init(_ context: Context, _ reddit: FakeReddit, _ settings: Settings) {
    (self.context, self.settings, line) = (context, settings, Line(reddit))
    let credentials = Credentials(secrets: context.secrets)
    authorizer = Authorizer(context: context, credentials: credentials, http: line, settings: settings.rest)
    rest = RESTClient(
      context: context,
      settings: settings.rest,
      http: line,
      authorizer: authorizer,
      random: { 0.5 }
    )
    let (account, places) = (Account(provider: context.provider, tenant: context.tenant), Places(rest: rest))
    self.places = places
    let normaliser = Normaliser(account: account, allow: settings.allow, configRev: context.configRev)
    intake = Intake(context: context, normaliser: normaliser) { places.saw($0) }
    proxy = RESTProxy(account: account, allowed: settings.allowedCalls, rest: rest)
    poster = Poster(
      context: context,
      account: account,
      rest: rest,
      settings: settings,
      intake: intake,
      places: places,
      username: { credentials.username }
    )
  }

  func kill() {
    line.isCut = true
    intake.close()
  }

  func stream(_ path: String) -> Reddit.Stream {
    Stream(path, context: context, rest: rest, intake: intake, settings: settings.streams) { _ in }
  }

  func streams(hasAccount: Bool = false) -> Streams {
    Streams(context: context, rest: rest, intake: intake, settings: settings.streams, hasAccount: hasAccount)
  }

  func rereader() -> Rereader {
    Rereader(context: context, rest: rest, intake: intake, settings: settings.streams)
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
