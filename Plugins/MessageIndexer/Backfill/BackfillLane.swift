internal import PluginKit

/// One of the walks of a job that go on at once, as it is kept between its steps: which space it is in, and where there.
struct BackfillLane: Sendable, Equatable {
  private static let version: Int64 = 1

  /// How many steps have been made.
  var sequence = 0
  /// Which of the job's spaces it is in.
  var place: Int
  /// What the next page is asked for by; nil: nothing was fetched of the space.
  var cursor: String?
  /// Messages of the space that were fetched.
  var fetched = 0
  /// What the spaces before have come to.
  var sum = BackfillJob.Sum()

  /// A lane of a number, which begins with the space of that number.
  init(_ number: Int) {
    place = number
  }

  /// Goes on to the next of its spaces, of which every so many-th is its own.
  mutating func leave(_ lanes: Int, failed: Bool) {
    sum.fetched += fetched
    sum.failed += failed ? 1 : 0
    (cursor, fetched) = (nil, 0)
    place += max(1, lanes)
  }

  // MARK: - As a document

  /// Reads what `bytes` wrote; nil of anything else.
  init?(_ bytes: [UInt8]) {
    guard let json = try? JSON.parse(bytes), json["version"]?.intValue == Self.version,
      let sequence = json["sequence"]?.intValue, let place = json["place"]?.intValue,
      let fetched = json["fetched"]?.intValue, let all = json["sum"]?["fetched"]?.intValue,
      let failed = json["sum"]?["failed"]?.intValue
    else { return nil }
    (self.sequence, self.place, self.fetched) = (Int(sequence), Int(place), Int(fetched))
    cursor = json["cursor"]?.stringValue
    sum = BackfillJob.Sum(fetched: Int(all), failed: Int(failed))
  }

  /// The lane for a document.
  var bytes: [UInt8] {
    let sum: JSON = ["fetched": .int(Int64(sum.fetched)), "failed": .int(Int64(sum.failed))]
    var json: JSONObject = [
      "version": .int(Self.version), "sequence": .int(Int64(sequence)), "place": .int(Int64(place)),
      "fetched": .int(Int64(fetched)), "sum": sum,
    ]
    json["cursor"] = cursor.map { .string($0) }
    return JSON.object(json).bytes()
  }
}
