internal import PluginKit
internal import ProviderKit

/// Where things are, so that an answer goes where it is allowed to and nowhere else.
@PluginActor
final class Places {
  /// Where a thing is.
  struct Place: Hashable {
    /// Its subreddit; nil: it is a private message.
    var subreddit: String?
    /// Whom the account writes with there.
    var partner: String?
  }

  /// How many things are remembered: those of some hours in a lively subreddit.
  private static let placesMax = 20_000

  private let rest: any RESTCalling
  private var known: [Fullname: Place] = [:]
  private var order: [Fullname] = []

  init(rest: any RESTCalling) {
    self.rest = rest
  }

  /// A thing was seen.
  func saw(_ thing: Thing) {
    guard known.updateValue(Place(subreddit: thing.subreddit, partner: thing.partner), forKey: thing.name) == nil else {
      return
    }
    order.append(thing.name)
    guard order.count > Self.placesMax else { return }
    for name in order.prefix(Self.placesMax / 10) { known[name] = nil }
    order.removeFirst(Self.placesMax / 10)
  }

  /// Where a thing is, which is asked for if nobody has told; nil: there is no such thing, or it is not shown.
  func place(of name: Fullname, for requester: String, until deadline: Int64) async throws(PostFailure) -> Place? {
    if let place = known[name] { return place }
    let path = name.kind == .message ? "/message/messages/\(name.id)" : "/api/info?id=\(name)"
    let answer: RESTAnswer
    do throws(RESTFailure) {
      var call = try RESTCall(reading: path, requester: requester)
      call.deadline = deadline
      answer = try await rest.perform(call)
    } catch {
      throw PostFailure(error)
    }
    guard answer.status == 200 else {
      if answer.status == 403 || answer.status == 404 { return nil }
      throw .again("GET \(path): expected what is to be answered, found \(answer.status)")
    }
    do throws(ProviderError) {
      for thing in try Listing(answer).things.compactMap({ try? Thing($0) }) { saw(thing) }
    } catch {
      throw .again("GET \(path): \(error)")
    }
    return known[name]
  }
}
