/// A message between plugins: a topic, an intent, and a payload that the host does not read.
///
/// Fields that the host stamps (`src`, `provider`, `tenant`, `reply`, `ts`, `attempt`, `hops`, `flags`) are empty or
/// zero in an envelope that a plugin makes. `docs/envelope.md` says what each field means; the C header is
/// `envelope_layout.h`.
public struct Envelope: Sendable, Hashable {
  /// The way an envelope came to be.
  public enum Origin: UInt8, Sendable, CaseIterable {
    /// Happening now.
    case live = 0
    /// Fetched from a provider's history.
    case backfill = 1
    /// Replayed from the journal.
    case replay = 2

    /// The word for it in CloudEvents and logs.
    public var name: String {
      switch self {
      case .live: "live"
      case .backfill: "backfill"
      case .replay: "replay"
      }
    }
  }

  /// The part an envelope plays in a request: none, the request, the response, or the response that is an error.
  ///
  /// No other combination is an envelope, and the binary layout refuses it.
  public struct Flags: OptionSet, Sendable, Hashable {
    /// The bits, as in `PROMETHEAN_FLAG_…`.
    public let rawValue: UInt8

    /// Creates flags from their bits.
    public init(rawValue: UInt8) {
      self.rawValue = rawValue
    }

    /// Somebody waits for exactly one response.
    public static let request = Flags(rawValue: 1)
    /// This answers the request whose `corr` it bears.
    public static let response = Flags(rawValue: 2)
    /// With `response`: the answer is an error, and the payload says which.
    public static let error = Flags(rawValue: 4)
  }

  /// The identity of the message, unique for each `src`; empty: the host makes one.
  public var id = ""
  /// The sender, stamped by the host: a plugin's id, or `client:<id>`.
  public var src = ""
  /// The provider it belongs to, stamped by the host from the topic.
  public var provider = ""
  /// The tenant it belongs to, stamped by the host from the topic.
  public var tenant = ""
  /// The opaque handle, stamped by the host, under which this message may be answered.
  public var reply = ""
  /// The place it is published to; see ``Topic``.
  public var topic: String
  /// What is meant, such as `SocialMessageCreated`.
  public var intent: String
  /// The order it belongs to: envelopes of one key are handled one at a time; empty: each on its own.
  public var key = ""
  /// The W3C trace context, as ``Traceparent`` reads it; empty: the host begins a trace.
  public var trace = ""
  /// What pairs a response with its request.
  public var corr = ""
  /// The media type of the payload; empty: application/json.
  public var contentType = ""
  /// What an effect acts on, checked against the sender's grants.
  public var resource = ""
  /// The build that made this output.
  public var build = ""
  /// The models that made this output: a JSON list of name, version and checksum.
  public var models = ""
  /// The revision of the configuration that made this output.
  public var configRev = ""
  /// When the host took it, stamped by the host, in nanoseconds since 1970 UTC; 0 = not yet.
  public var ts: Int64 = 0
  /// When the sender gives up, in nanoseconds since 1970 UTC; 0 = never.
  public var deadline: Int64 = 0
  /// Which delivery to this consumer this is, stamped by the host, from 1.
  public var attempt: UInt32 = 0
  /// How many plugins it, or what caused it, has passed, stamped by the host.
  public var hops: UInt32 = 0
  /// The way it came to be.
  public var origin = Origin.live
  /// The part it plays in a request, stamped by the host.
  public var flags: Flags = []
  /// The content, of which the host knows only the size and `contentType`; at most 64 KiB.
  public var payload: [UInt8]

  /// Creates an envelope whose other fields are empty, zero or live.
  public init(topic: String = "", intent: String = "", payload: [UInt8] = []) {
    self.topic = topic
    self.intent = intent
    self.payload = payload
  }
}
