internal import PluginKit
internal import ProviderKit

/// All buckets by name and major parameter; what Discord calls the bucket of a route, once it has said so.
@PluginActor
final class Buckets {
  /// How many are kept before those are looked for that can be forgotten.
  static let keptMin = 1024

  private var buckets: [Bucket.Key: Bucket] = [:]
  /// Names of buckets by kind of route.
  private var names: [String: String] = [:]
  private var sweepAt = keptMin

  var count: Int { buckets.count }
  /// Those in which something waits.
  var waiting: [Bucket] { buckets.values.filter { !$0.waiting.isEmpty } }

  /// The bucket that a route falls into as far as is known.
  func bucket(for route: Route, _ now: Int64) -> Bucket {
    bucket(key(route.kind, route.major), now)
  }

  /// Hears what Discord calls the bucket of a route, and moves the calls of that route where they belong.
  ///
  /// - Returns: The buckets to which something has moved.
  func learn(_ name: String, for route: Route, _ now: Int64) -> [Bucket] {
    guard names[route.kind] != name else { return [] }
    let before = names[route.kind]
    names[route.kind] = name
    let old = buckets.values.filter { bucket in
      before.map { bucket.key.isLearnt && bucket.key.name == $0 }
        ?? (!bucket.key.isLearnt && bucket.key.name == route.kind)
    }
    return old.map { old in
      let new = bucket(key(route.kind, old.key.major), now)
      new.adopt(route.kind, from: old)
      if !old.key.isLearnt { buckets[old.key] = nil }
      return new
    }
  }

  private func key(_ kind: String, _ major: String) -> Bucket.Key {
    let name = names[kind]
    return Bucket.Key(name: name ?? kind, isLearnt: name != nil, major: major)
  }

  private func bucket(_ key: Bucket.Key, _ now: Int64) -> Bucket {
    if let bucket = buckets[key] { return bucket }
    if buckets.count >= sweepAt { forgetIdle(now) }
    let bucket = Bucket(key)
    buckets[key] = bucket
    return bucket
  }

  /// Forgets what need not be known; twice as many as then remain are let come before it is done again, so that it
  /// costs each of them little.
  private func forgetIdle(_ now: Int64) {
    buckets = buckets.filter { !$0.value.isIdle(now) }
    sweepAt = max(Self.keptMin, 2 * buckets.count)
    guard names.count > Self.keptMin else { return }
    let used = Set(buckets.keys.lazy.filter(\.isLearnt).map(\.name))
    names = names.filter { used.contains($0.value) }
  }
}
