internal import PluginKit
internal import ProviderKit

/// One request of Reddit's API.
struct RESTCall: Sendable {
  static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
  /// A path as it is to be, for messages about what is none.
  static let example = "/r/askreddit/new"

  /// In upper case.
  let method: String
  /// The path, checked.
  let path: RESTPath
  /// The body; empty: none.
  var body: [UInt8] = []
  /// The media type of the body.
  var contentType = FormFields.contentType
  /// Who asks, for fairness: the `src` of the envelope, or the plugin's id for its own needs.
  var requester: String
  /// When nobody waits for the answer any more, in nanoseconds since 1970; 0: nobody has said.
  var deadline: Int64 = 0
  /// Whether it goes only when nothing else may, and takes a small part of the limit, as what is fetched of the past does.
  var isPatient = false

  /// A call that reads.
  init(reading path: String, requester: String) throws(RESTFailure) {
    (method, self.requester) = ("GET", requester)
    self.path = try RESTPath(path, like: Self.example)
  }

  /// A call with a form, or with JSON where the API takes that: below `/api/v1`.
  init(_ method: String, _ path: String, body: JSON?, requester: String, deadline: Int64) throws(RESTFailure) {
    (self.method, self.requester, self.deadline) = (method, requester, deadline)
    self.path = try RESTPath(path, like: Self.example)
    guard let body else { return }
    if self.path.segments.starts(with: ["api", "v1"]) {
      (self.body, contentType) = (body.bytes(), "application/json")
      return
    }
    guard let members = body.objectValue else {
      throw .refused("body: expected object, which is sent as a form, found \(body.summary)")
    }
    do throws(ProviderError) {
      self.body = Array(try Self.form(members).encoded.utf8)
    } catch {
      throw .refused(error.description)
    }
  }

  /// The fields, and the one that has Reddit answer in JSON and not in steps for its own pages.
  private static func form(_ members: JSONObject) throws(ProviderError) -> FormFields {
    var form = try FormFields(members, named: "body")
    if members["api_type"] == nil { form.add("api_type", "json") }
    return form
  }

  /// Whether sending it twice does what sending it once does.
  var isRepeatable: Bool { ["GET", "PUT", "DELETE"].contains(method) }

  /// Its method, and its path with a placeholder for every name and id: fit for logs and metrics.
  var name: String {
    var words = path.segments
    for place in words.indices where place > 0 {
      switch words[place - 1] {
      case "r": words[place] = "{sub}"
      case "user", "u": words[place] = "{user}"
      case "comments", "messages", "duplicates", "by_id", "m", "wiki", "live": words[place] = "{id}"
      // What follows the id of a submission is its title.
      case "{id}": words[place] = "{title}"
      // And the title, the id of a comment.
      case "{title}": words[place] = "{id}"
      case "friends", "give": words[place] = "{user}"
      default: break
      }
    }
    return "\(method) /" + words.joined(separator: "/")
  }

  /// The whole URL below the API's root: in answers, `&`, `<` and `>` are to stand as they are.
  func url(below root: String) -> String {
    let isSaid = path.query.split(separator: "&").contains { $0.hasPrefix("raw_json=") }
    let whole = path.whole
    return root + (isSaid ? whole : whole + (path.query.isEmpty ? "?" : "&") + "raw_json=1")
  }
}

/// Performs calls within Reddit's limit: waits for its turn, retries what may be retried.
@PluginActor
protocol RESTCalling: AnyObject {
  /// Any status is an answer, also 4xx; 429 and 5xx only when retrying was of no use.
  func perform(_ call: RESTCall) async throws(RESTFailure) -> RESTAnswer
}
