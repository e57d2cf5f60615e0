internal import PluginKit
internal import ProviderKit

/// Fetches messages over the REST API that were sent while there was no session with the gateway.
@PluginActor
final class Backfill {
  /// Takes the messages of a page in, the oldest first, each as its JSON; returns when they are recorded.
  typealias Recovered = (_ channel: Snowflake, _ messages: [[UInt8]]) async throws -> Void

  /// How a channel ended.
  private enum Outcome {
    case done
    /// There are more messages than may be fetched.
    case full
    /// Discord does not show the channel, by this status.
    case hidden(Int)
    /// Another time.
    case later(String)
  }

  /// The most messages of one page that Discord gives.
  private static let page = 100
  /// How many channels are fetched at once: more would take from the limits that posts need.
  private static let concurrency = 2
  /// How long one page may wait for its turn, ns.
  private static let patience: Int64 = 300_000_000_000
  /// When what could not be fetched is tried again, and how often before it is left to the next process.
  private static let retry = Duration.seconds(60)
  private static let roundsMax = 10
  private static let document = "gateway.backfill"

  private let context: Context
  private let rest: any RESTCalling
  private let settings: GatewaySettings
  private let seen: LastSeen
  private let recovered: Recovered
  private var plan = BackfillPlan()
  private var task: Task<Void, Never>?
  /// How many messages have been fetched since there was nothing to fetch.
  private var total = 0

  init(
    context: Context,
    rest: any RESTCalling,
    settings: GatewaySettings,
    seen: LastSeen,
    recovered: @escaping Recovered
  ) {
    self.context = context
    self.rest = rest
    self.settings = settings
    self.seen = seen
    self.recovered = recovered
  }

  /// Whether there is something to fetch.
  var isDue: Bool { !plan.gaps.isEmpty }

  /// Reads what an earlier process has left to fetch.
  func load() async {
    guard let document = try? await context.state.get(Self.document) else { return }
    plan = BackfillPlan(document.bytes) ?? BackfillPlan()
  }

  /// Notes what is to be fetched, before a session is begun: what comes with it must not look like what was missed.
  func note() async {
    guard settings.backfillPerChannel > 0 else { return }
    plan.add(seen.all)
    await keep()
  }

  /// Fetches in the background what is due.
  func start() {
    guard task == nil, isDue else { return }
    task = PluginActor.task { [self] in
      await run()
      if !Task.isCancelled { task = nil }
    }
  }

  /// Leaves the rest to `start`, or to another process; returns when nothing more is recovered.
  func stop() async {
    let task = task
    leave()
    await task?.value
  }

  /// Leaves the rest to `start`, or to another process; what is being fetched is not recovered any more.
  func leave() {
    task?.cancel()
    task = nil
  }

  // MARK: - Fetching

  private func run() async {
    total = 0
    for round in 1...Self.roundsMax {
      let reasons = await fetchAll()
      guard !Task.isCancelled else { return }
      if !isDue { break }
      // What was noted meanwhile needs no pause.
      guard let reason = reasons.first else { continue }
      context.log.warning(
        "missed messages are fetched later",
        ["channels": .int(Int64(plan.gaps.count)), "round": .int(Int64(round)), "why": .string(reason)]
      )
      guard (try? await context.clock.sleep(for: Self.retry)) != nil else { return }
    }
    context.log.info("missed messages are fetched", ["messages": .int(Int64(total))])
  }

  /// Goes through all channels once; returns why some are left.
  private func fetchAll() async -> [String] {
    var hidden: [String] = []
    var full: [String] = []
    var reasons: [String] = []
    let fetching = plan.gaps
    var next = fetching.startIndex
    await withTaskGroup(of: (Snowflake, Outcome).self) { group in
      func begin() {
        guard next < fetching.endIndex, !Task.isCancelled else { return }
        let gap = fetching[next]
        next += 1
        group.addTask { [self] in (gap.channel, await fetch(gap)) }
      }
      for _ in 0..<Self.concurrency { begin() }
      for await (channel, outcome) in group {
        switch outcome {
        case .done: plan.finish(channel)
        case .full:
          plan.finish(channel)
          full.append(channel.description)
        case .hidden(let status):
          plan.finish(channel)
          seen.forget(channel)
          hidden.append("\(channel) (\(status))")
        case .later(let words): reasons.append(words)
        }
        begin()
      }
    }
    guard !Task.isCancelled else { return reasons }
    await keep()
    if !full.isEmpty {
      context.log.warning(
        "more was missed than is fetched: config.backfill bounds it",
        ["channels": .string(full.joined(separator: ", "))]
      )
    }
    if !hidden.isEmpty {
      context.log.warning("channels are not readable any more", ["channels": .string(hidden.joined(separator: ", "))])
    }
    return reasons
  }

  /// Fetches what was missed in a channel, page by page.
  private func fetch(_ gap: BackfillPlan.Gap) async -> Outcome {
    var gap = gap
    while !Task.isCancelled {
      guard gap.fetched < settings.backfillPerChannel, total < settings.backfillTotal else { return .full }
      let limit = min(Self.page, settings.backfillPerChannel - gap.fetched)
      let call = RESTCall(
        method: "GET",
        path: "/channels/\(gap.channel)/messages?after=\(gap.after)&limit=\(limit)",
        isRepeatable: true,
        requester: context.pluginID,
        deadline: context.clock.now.nanoseconds + Self.patience
      )
      let answer: RESTAnswer
      do throws(RESTFailure) {
        answer = try await rest.perform(call)
      } catch {
        return .later("GET \(call.path): \(error)")
      }
      if Task.isCancelled { break }
      switch answer.status {
      case 200: break
      case 403, 404: return .hidden(answer.status)
      default: return .later("GET \(call.path): expected 200, found \(answer.status)")
      }
      guard let messages = MessagePage.messages(answer.body) else {
        return .later("GET \(call.path): expected a list of messages, found something else")
      }
      guard let last = messages.last else { return .done }
      do {
        try await recovered(gap.channel, messages.map(\.json))
      } catch {
        return .later("messages of channel \(gap.channel) could not be recorded: \(error)")
      }
      total += messages.count
      context.metrics.add("gateway_backfilled_total", Double(messages.count))
      gap.after = last.id
      gap.fetched += messages.count
      seen.saw(channel: gap.channel, message: last.id)
      plan.advance(gap.channel, to: last.id, fetched: messages.count)
      if messages.count < limit { return .done }
      await keep()
    }
    return .later("stopped")
  }

  /// Keeps what is left to fetch.
  private func keep() async {
    do throws(HostError) {
      if isDue {
        try await context.state.put(Self.document, plan.bytes)
      } else {
        try await context.state.remove(Self.document)
      }
    } catch {
      context.log.warning("what is to be fetched is not kept: \(error)")
    }
  }
}
