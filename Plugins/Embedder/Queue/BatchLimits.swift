/// How texts and pictures are put together, and how many may wait.
struct BatchLimits: Hashable {
  /// What a text's bytes count for at most: more of it than this is hardly read.
  static let textCostMax = 1_024
  /// Bytes of a picture that count for one: to decode 4 MiB takes as long as a batch of texts may.
  static let pictureBytesEach = 1_024
  /// Pixels of a picture that count for one: one of 64 million, the most that is decoded, fills a batch alone, however few
  /// its bytes are.
  static let picturePixelsEach = 16_384
  /// What a picture counts for at least: however few its bytes are, it is decoded and looked at.
  static let pictureCostMin = 128
  /// What all of a batch count for at most, of texts about a thousand tokens: some 100 ms on one processor, which is how
  /// long a text of somebody who waits may have to wait for others that are under way.
  static let costMax = 4_096
  /// Which part of those that wait may be of the past, so that there is room for the living: so many quarters.
  static let backfillQuarters = 3

  /// The most texts of a batch.
  var textsMax = 32
  /// How long a text waits for others while a thread is idle.
  var delay = Duration.milliseconds(2)
  /// Whether idle runners share what waits, which is quicker where that is work; where a batch is a call, fewer are.
  var isShared = true
  /// How many texts wait.
  var waitingMax = 1_024

  /// How many may wait before one of a priority comes.
  func room(for priority: Priority) -> Int {
    priority == .live ? waitingMax : max(1, waitingMax / 4 * Self.backfillQuarters)
  }
}

/// Who is served first.
enum Priority: String, CaseIterable {
  /// Somebody waits for it.
  case live
  /// It is of the past, and comes when nobody waits.
  case backfill
}
