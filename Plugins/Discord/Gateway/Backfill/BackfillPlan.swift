internal import PluginKit

/// The channels of which messages may have been missed, and after which message in each.
///
/// It is kept until all of them are fetched, so that another process goes on where this one was ended.
struct BackfillPlan: Equatable {
  /// Messages that may have been missed in one channel.
  struct Gap: Equatable {
    let channel: Snowflake
    /// The last message that was recorded.
    var after: Snowflake
    /// How many have been fetched.
    var fetched = 0
  }

  /// What is still to be fetched, in this order.
  private(set) var gaps: [Gap] = []

  init() {}

  /// Reads what `bytes` wrote; nil if it is something else.
  init?(_ bytes: [UInt8]) {
    guard let json = try? JSON.parse(bytes), json["version"] == 1, let list = json["gaps"]?.arrayValue else {
      return nil
    }
    for item in list {
      let numbers = item.arrayValue?.compactMap { $0.intValue.flatMap(UInt64.init(exactly:)) } ?? []
      guard numbers.count == 3 else { return nil }
      gaps.append(Gap(channel: Snowflake(numbers[0]), after: Snowflake(numbers[1]), fetched: Int(clamping: numbers[2])))
    }
  }

  /// What is kept of it.
  var bytes: [UInt8] {
    let list = gaps.map { JSON.array([$0.channel.json, $0.after.json, .int(Int64($0.fetched))]) }
    return JSON.object(["version": 1, "gaps": .array(list)]).bytes()
  }

  /// Adds what was last seen in each channel; a gap that is there already begins earlier, and stays.
  mutating func add(_ seen: [(channel: Snowflake, message: Snowflake)]) {
    let known = Set(gaps.map(\.channel))
    for (channel, message) in seen where !known.contains(channel) && gaps.count < LastSeen.channelsMax {
      gaps.append(Gap(channel: channel, after: message))
    }
  }

  /// Goes on in a channel.
  mutating func advance(_ channel: Snowflake, to message: Snowflake, fetched: Int) {
    guard let index = gaps.firstIndex(where: { $0.channel == channel }) else { return }
    gaps[index].after = max(gaps[index].after, message)
    gaps[index].fetched += fetched
  }

  /// There is nothing more to fetch in a channel.
  mutating func finish(_ channel: Snowflake) {
    gaps.removeAll { $0.channel == channel }
  }
}
