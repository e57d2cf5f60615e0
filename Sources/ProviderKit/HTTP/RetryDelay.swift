/// How long to wait before something is tried again.
public enum RetryDelay {
  /// The first and the longest wait, ns.
  private static let first: Int64 = 250_000_000
  private static let longest: Int64 = 8_000_000_000
  /// What is added at most to a wait that an API asks for, ns: not all come back at the same moment.
  private static let spread = 50_000_000.0

  /// The wait after so many tries: twice as long each time, of which the second half is left to chance.
  ///
  /// - Parameters:
  ///   - tries: How often it was tried.
  ///   - random: A number from 0 to below 1.
  /// - Returns: Nanoseconds.
  public static func delay(_ tries: Int, _ random: Double) -> Int64 {
    let whole = min(longest, first << Int64(min(max(tries, 1) - 1, 16)))
    return whole / 2 + Int64(Double(whole / 2) * random)
  }

  /// What is added to a wait that an API asks for, ns, by a number from 0 to below 1.
  public static func jitter(_ random: Double) -> Int64 { Int64(spread * random) }
}
