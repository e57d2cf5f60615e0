internal import PluginKit

/// What of a listing was seen: the names of the newest things, and when the newest of them was written.
struct Cursor: Sendable, Equatable {
  /// How many names are kept: ten pages, so that what comes late or after others went is known; they fit one document of
  /// the state.
  static let namesMax = 1000
  private static let version: Int64 = 1

  /// Oldest first.
  private(set) var names: [Fullname] = []
  private var known: Set<Fullname> = []
  /// When the newest was written, in nanoseconds since 1970; 0: none was seen.
  private(set) var newest: Int64 = 0

  /// Whether the listing was never read.
  private(set) var isNew = true
  /// When the oldest thing was written that stood in the listing when it was first read; 0: it was empty.
  ///
  /// In nanoseconds since 1970. What is older was there before, and comes up when something newer vanishes.
  private(set) var oldest: Int64 = 0

  /// A cursor of a listing that was never read.
  init() {}

  func contains(_ name: Fullname) -> Bool { known.contains(name) }

  /// Takes note of the things of a listing, oldest first; of those that are known too, since they are shown still.
  mutating func add(_ things: [Thing]) {
    if isNew { (isNew, oldest) = (false, things.map(\.created.nanoseconds).min() ?? 0) }
    let again = Set(things.map(\.name)).intersection(known)
    names.removeAll { again.contains($0) }
    known.subtract(again)
    for thing in things {
      newest = max(newest, thing.created.nanoseconds)
      if known.insert(thing.name).inserted { names.append(thing.name) }
    }
    guard names.count > Self.namesMax else { return }
    for name in names.prefix(names.count - Self.namesMax) { known.remove(name) }
    names.removeFirst(names.count - Self.namesMax)
  }

  // MARK: - Between processes

  /// Reads what `bytes` wrote of a listing; nil of anything else.
  init?(bytes: [UInt8], of path: String) {
    guard let json = try? JSON.parse(bytes), json["version"]?.intValue == Self.version, json["path"] == .string(path),
      let newest = json["newest"]?.intValue, let list = json["seen"]?.arrayValue
    else { return nil }
    (self.newest, isNew) = (newest, false)
    oldest = json["oldest"]?.intValue ?? 0
    names = list.compactMap { $0.stringValue.flatMap { Fullname($0) } }
    known = Set(names)
  }

  /// For another process of the tenant.
  func bytes(of path: String) -> [UInt8] {
    let seen = JSON.array(names.map { .string($0.description) })
    return JSON.object(
      [
        "version": .int(Self.version), "path": .string(path), "newest": .int(newest), "oldest": .int(oldest),
        "seen": seen,
      ]
    ).bytes()
  }
}
