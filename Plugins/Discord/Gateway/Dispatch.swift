internal import PluginKit

/// An event of the gateway's, opcode 0, as it came.
struct Dispatch: Sendable {
  /// Its name, such as `MESSAGE_CREATE`.
  var name: String
  /// The shard that it came to.
  var shard: Int
  /// Its number in the session, from 1.
  var sequence: Int64
  /// Whether it was sent again after a resumption.
  var isReplayed: Bool
  /// The whole message, `{"t":…,"s":…,"op":0,"d":…}`, in UTF-8.
  var message: [UInt8]
  /// Where in `message` the value of `d` lies.
  var data: Range<Int>
  /// That value; nil: it has not been read yet, or is no JSON.
  var view: JSONView?

  /// Reads the value of `d`, which may be put one level deep into another document.
  func read() throws(JSONError) -> JSONView {
    if let view { return view }
    return try JSONView(message, in: data.clamped(to: message.indices), depth: 1)
  }
}

/// Who takes events in, so that they are recorded.
@PluginActor
protocol DispatchSink: AnyObject {
  /// Takes an event in, if nothing has to be waited for; false: it was not taken in, and `take` is to be asked.
  ///
  /// Events of one shard are taken in their order. An event counts as covered when all that came of it is recorded.
  func takeAtOnce(_ dispatch: Dispatch) -> Bool

  /// Takes an event in, when not too much is still being recorded and what it needs to know is known.
  func take(_ dispatch: Dispatch) async

  /// The number of the last event of a shard's session such that it and all before it are covered; nil if none is.
  ///
  /// `session` is the session's id: numbers begin anew with each.
  func covered(shard: Int, session: String) -> Int64?

  /// A session has begun on a shard, or one that another process has begun goes on: what is taken next belongs to it.
  func begin(shard: Int, session: String)

  /// Returns when everything taken so far is recorded, or could not be.
  func flush() async
}
