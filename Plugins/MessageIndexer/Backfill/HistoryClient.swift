internal import PluginKit

/// Asks the access plugin of a tenant for history, in words that hold for every provider.
@PluginActor
struct HistoryClient {
  /// Why there is no answer of use.
  enum Failure: Error {
    /// There will be none: for this reason.
    case refused(String)
    /// Another time there may be: for this reason, and not before so long, ns.
    case later(String, after: Int64)
  }

  let context: Context
  let provider: String
  let tenant: String

  /// Has a page recorded.
  func page(
    of space: URN,
    before cursor: String?,
    until: Int64?,
    limit: Int?
  ) async throws(Failure) -> PageReport {
    /// What every provider gives of one page.
    let most = 100
    var order: JSONObject = ["space_urn": .string(space.description), "limit": .int(Int64(min(limit ?? most, most)))]
    order["before"] = cursor.map { .string($0) }
    order["until"] = until.map { .int($0) }
    let data = try await ask(["history": .object(order)])
    guard let report = PageReport(data) else {
      throw .later("expected messages, newest, oldest, next and end, found \(data.summary)", after: 0)
    }
    guard report.next == nil || report.next != cursor else {
      throw .later("expected a cursor that leads further, found the one before", after: 0)
    }
    return report
  }

  /// The tenant's spaces behind a cursor, and the cursor of the next page.
  func spaces(after cursor: String?) async throws(Failure) -> (spaces: [URN], next: String?) {
    var order = JSONObject()
    order["after"] = cursor.map { .string($0) }
    let data = try await ask(["spaces": .object(order)])
    guard let list = data["spaces"]?.arrayValue else {
      throw .later("expected spaces, found \(data.summary)", after: 0)
    }
    let spaces = list.compactMap { $0["space_urn"]?.stringValue.flatMap { try? URN($0) } }
    return (spaces.filter { $0.provider == provider && $0.tenant == tenant }, data["next"]?.stringValue)
  }

  /// The `data` of an answer that is good.
  private func ask(_ order: JSON) async throws(Failure) -> JSON {
    let answer: JSON
    do {
      let topic = try Topic(provider: provider, tenant: tenant, area: "rest", name: "request")
      let request = Envelope(topic: topic.description, intent: "request", payload: order.bytes())
      answer = try JSON.parse(try await context.request(request).payload)
    } catch let error as HostError where error.kind == .denied || error.kind == .invalid {
      throw .refused(error.message)
    } catch {
      throw .later("\(error)", after: 0)
    }
    let status = answer["status"]?.intValue ?? 0
    if answer["ok"]?.boolValue == true, let data = answer["data"] { return data }
    let reason = answer["error"]?.stringValue ?? "expected an answer, found status \(status)"
    let wait = max(0, answer["retry_after_ms"]?.intValue ?? 0).multipliedReportingOverflow(by: 1_000_000)
    // 401 is for somebody to put right, who has until it is given up.
    let isFinal = (400..<500).contains(status) && status != 429 && status != 401
    guard !isFinal, !wait.overflow else { throw .refused(reason) }
    throw .later(reason, after: wait.partialValue)
  }
}
