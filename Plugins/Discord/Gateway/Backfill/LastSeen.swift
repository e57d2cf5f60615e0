internal import PluginKit

/// The last message that was seen in each channel, so that what comes after it can be fetched if events were missed.
///
/// Only of so many channels; of those beyond, whoever was silent for longest is forgotten.
@PluginActor
final class LastSeen {
  /// How many channels are remembered; they must fit one state document.
  nonisolated static let channelsMax = 500
  private static let document = "gateway.seen"

  private var messages: [Snowflake: (message: Snowflake, turn: UInt64)] = [:]
  private var turn: UInt64 = 0
  private var isChanged = false
  private let context: Context

  init(context: Context) {
    self.context = context
  }

  /// A message of a channel has been recorded.
  ///
  /// - Returns: Whether nothing was known of the channel before.
  @discardableResult
  func saw(channel: Snowflake, message: Snowflake) -> Bool {
    turn += 1
    isChanged = true
    guard let known = messages[channel] else {
      messages[channel] = (message, turn)
      if messages.count > Self.channelsMax, let oldest = messages.min(by: { $0.value.turn < $1.value.turn }) {
        messages[oldest.key] = nil
      }
      return true
    }
    messages[channel] = (max(known.message, message), turn)
    return false
  }

  /// A channel is there whose last message is this one: what comes after it is missed if it is not seen.
  ///
  /// It takes the place of no channel in which something was seen.
  ///
  /// - Returns: Whether nothing was known of the channel before.
  func found(channel: Snowflake, last: Snowflake) -> Bool {
    guard messages[channel] == nil, messages.count < Self.channelsMax else { return false }
    messages[channel] = (last, 0)
    isChanged = true
    return true
  }

  /// A channel cannot be read any more.
  func forget(_ channel: Snowflake) {
    if messages.removeValue(forKey: channel) != nil { isChanged = true }
  }

  /// The last message of each channel, the channels seen last first.
  var all: [(channel: Snowflake, message: Snowflake)] {
    messages.sorted { $0.value.turn > $1.value.turn }.map { ($0.key, $0.value.message) }
  }

  /// Reads what an earlier process has kept.
  func load() async {
    guard let document = try? await context.state.get(Self.document), let json = try? JSON.parse(document.bytes),
      json["version"] == 1, let pairs = json["seen"]?.arrayValue
    else { return }
    for pair in pairs.reversed() {
      let numbers = pair.arrayValue?.compactMap(\.intValue) ?? []
      guard numbers.count == 2 else { continue }
      saw(channel: Snowflake(UInt64(numbers[0])), message: Snowflake(UInt64(numbers[1])))
    }
    isChanged = false
  }

  /// Writes what has changed.
  func flush() async {
    guard isChanged else { return }
    isChanged = false
    let pairs = all.map { JSON.array([$0.channel.json, $0.message.json]) }
    do throws(HostError) {
      try await context.state.put(Self.document, JSON.object(["version": 1, "seen": .array(pairs)]).bytes())
    } catch {
      isChanged = true
      context.log.warning("the last messages seen are not kept: \(error)")
    }
  }
}

extension Snowflake {
  /// The number, for documents that only this plugin reads: ids of Discord's fit 63 bits until 2084.
  var json: JSON { .int(Int64(clamping: number)) }
}
