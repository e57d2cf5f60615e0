import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport

@testable import Reddit

extension RedditBench {
  /// A wish; its space is a subreddit, user or thing, such as `sub birds`.
  static func wish(_ space: String, _ text: String, _ more: JSONObject = [:], id: String = "w1") -> Envelope {
    let urn = "urn:reddit:\(space.replacing(" ", with: ":demo:"))"
    var wish: JSONObject = [
      "provider": "reddit", "tenant": "demo", "space_urn": .string(urn), "text": .string(text),
    ]
    for (key, value) in more { wish[key] = value }
    var envelope = Envelope(
      topic: "promethean.p.reddit.t.demo.social.PostMessage",
      intent: "PostMessage",
      payload: JSON.object(wish).bytes()
    )
    (envelope.id, envelope.src, envelope.resource) = (id, "worker", urn)
    return envelope
  }

  /// What a wish is answered with; else how it ends, such as `never: …`.
  func post(_ space: String, _ text: String, _ more: JSONObject = [:], id: String = "w1") async throws -> Posted {
    let poster = try await poster
    do {
      let response = try await poster.post(Self.wish(space, text, more, id: id))
      return Posted(json: (try? JSON.parse(response.payload)) ?? .null, error: "")
    } catch let error as Rejection {
      return Posted(json: .null, error: "never: \(error)")
    } catch let error as HostError {
      return Posted(json: .null, error: "later: \(error)")
    } catch {
      return Posted(json: .null, error: "again: \(error)")
    }
  }

  /// What was asked to be written: the last part of the path, and the form without what each has.
  var writes: [String] {
    reddit.calls.filter { $0.method == "POST" }.map { call in
      let form = call.form.filter { $0.key != "api_type" }.sorted { $0.key < $1.key }
      let fields = form.map { "\($0.key)=\($0.value.prefix(20))" }.joined(separator: " ")
      return "\(call.bare.split(separator: "/").last ?? "") \(fields)"
    }
  }
}

/// How a wish ended.
struct Posted: Sendable {
  let json: JSON
  let error: String

  var names: [String] { json["message_ids"]?.arrayValue?.compactMap(\.stringValue) ?? [error] }
  var lost: [String] { json["losses"]?.arrayValue?.compactMap { $0["field"]?.stringValue } ?? [error] }
}
