internal import PluginKit

/// A job as it is kept in the host's state between its steps: what was ordered, and how far that is.
///
/// It has documents of its own for its spaces and for each lane, so that none grows with their number.
struct BackfillJob: Sendable, Equatable {
  /// What a lane has come to.
  struct Sum: Sendable, Equatable {
    /// Messages that were fetched.
    var fetched = 0
    /// Spaces that were given up.
    var failed = 0
  }

  /// The most spaces of a job: more than an account reads at once anywhere, so that a provider that lists without end is stopped.
  static let spacesMax = 10_000
  private static let version: Int64 = 1

  /// Its name.
  let id: String
  /// When it was ordered, in nanoseconds since 1970: one of the same name at another time is another.
  let began: Int64
  var since: Int64?
  var until: Int64?
  var limit: Int?
  /// Whether spaces are still being listed, the next page being behind `after`; steps of it count from 0.
  var isListing = false
  var after: String?
  var sequence = 0
  /// How many spaces there are, in documents of so many.
  var spaces = 0
  /// How many are walked at once, each in a lane; the lanes that have come to their end, and to what.
  var lanes = 0
  var ended: [Int: Sum] = [:]

  /// Whether nothing is left to be done but to say so.
  var isOver: Bool { !isListing && ended.count >= lanes }

  /// What all lanes have come to.
  var sum: Sum {
    ended.values.reduce(into: Sum()) { sum, lane in
      sum.fetched += lane.fetched
      sum.failed += lane.failed
    }
  }

  /// A job that has just been ordered.
  init(id: String, began: Int64, _ order: BackfillOrder) {
    (self.id, self.began) = (id, began)
    (since, until, limit) = (order.since, order.until, order.limit)
    isListing = order.spaces == nil
    spaces = order.spaces?.count ?? 0
  }

  // MARK: - As a document

  /// Reads what `bytes` wrote; nil of anything else.
  init?(_ bytes: [UInt8]) {
    guard let json = try? JSON.parse(bytes), json["version"]?.intValue == Self.version,
      let id = json["job"]?.stringValue, let began = json["began"]?.intValue, let lanes = json["lanes"]?.intValue,
      let spaces = json["spaces"]?.intValue, let sequence = json["sequence"]?.intValue
    else { return nil }
    (self.id, self.began) = (id, began)
    (self.lanes, self.spaces, self.sequence) = (Int(lanes), Int(spaces), Int(sequence))
    (since, until) = (json["since"]?.intValue, json["until"]?.intValue)
    limit = json["limit"]?.intValue.map { Int($0) }
    (isListing, after) = (json["listing"]?.boolValue ?? false, json["after"]?.stringValue)
    for (lane, sum) in json["ended"]?.objectValue ?? [:] {
      guard let lane = Int(lane), let fetched = sum["fetched"]?.intValue, let failed = sum["failed"]?.intValue else {
        return nil
      }
      ended[lane] = Sum(fetched: Int(fetched), failed: Int(failed))
    }
  }

  /// The job for a document.
  var bytes: [UInt8] {
    var json: JSONObject = [
      "version": .int(Self.version), "job": .string(id), "began": .int(began), "lanes": .int(Int64(lanes)),
      "spaces": .int(Int64(spaces)), "sequence": .int(Int64(sequence)), "listing": .bool(isListing),
    ]
    json["since"] = since.map { .int($0) }
    json["until"] = until.map { .int($0) }
    json["limit"] = limit.map { .int(Int64($0)) }
    json["after"] = after.map { .string($0) }
    var ended = JSONObject()
    for (lane, sum) in self.ended {
      ended["\(lane)"] = ["fetched": .int(Int64(sum.fetched)), "failed": .int(Int64(sum.failed))]
    }
    json["ended"] = .object(ended)
    return JSON.object(json).bytes()
  }
}
