internal import PluginKit

/// Has batches computed by an endpoint, one call at a time.
@PluginActor
final class EndpointRunner: BatchRunner {
  /// What a text that is empty is sent as: endpoints refuse it, or answer with a vector of nothing.
  private static let blank = " "

  private let endpoint: Endpoint
  private let context: Context
  private var task: Task<Void, Never>?

  init(_ endpoint: Endpoint, _ context: Context) {
    (self.endpoint, self.context) = (endpoint, context)
  }

  func compute(_ subjects: [Subject], model: Int, completion: @escaping Completion) {
    let texts = subjects.compactMap(\.text).map { $0.isEmpty ? Self.blank : $0.prefix(inJSON: endpoint.textBytes) }
    task = PluginActor.task { [self] in
      do throws(EndpointFailure) {
        completion(.success(try await made(of: texts)))
      } catch {
        completion(.failure(error.error(endpoint)))
      }
    }
  }

  func stop() {
    task?.cancel()
  }

  /// What comes of each text.
  ///
  /// Several may be refused for one of them, so each is asked for alone then: the others have their vectors, and only who
  /// has sent a text hears what is said of it.
  private func made(of texts: [String]) async throws(EndpointFailure) -> [Made] {
    do throws(EndpointFailure) {
      return try await vectors(of: texts).map { .success($0) }
    } catch {
      guard texts.count > 1 else { throw error }
      // Its words may quote any of the texts, which are of several tenants.
      guard error.isOfText else { throw error.withoutWords }
    }
    var made: [Made] = []
    for text in texts {
      do throws(EndpointFailure) {
        made.append(.success(try await vectors(of: [text])[0]))
      } catch {
        made.append(.failure(error.error(endpoint)))
        // What is not about this text would be the same with the others, and take as long again.
        guard error.isOfText else { break }
      }
    }
    let failed = made.count { (try? $0.get()) == nil } + texts.count - made.count
    context.metrics.add("failed_texts_total", labels: ["model": endpoint.model], Double(failed))
    guard case .failure(let last)? = made.last, made.count < texts.count else { return made }
    let rest = EmbedderError(last.logged)
    return made + Array(repeating: .failure(rest), count: texts.count - made.count)
  }

  private func vectors(of texts: [String]) async throws(EndpointFailure) -> [[Float]] {
    let order: JSON = [
      "method": "POST", "path": "/embeddings",
      "body": [
        "model": .string(endpoint.model), "input": .array(texts.map { .string($0) }), "encoding_format": "base64",
      ],
    ]
    let answer: JSON
    do throws(HostError) {
      answer = try await context.ask("control.request", for: endpoint.tenant, order, timeout: endpoint.timeout)
    } catch {
      throw EndpointFailure(error.message)
    }
    return try EndpointAnswer.vectors(answer, texts: texts.count, dimension: endpoint.dimension)
  }
}

extension String {
  /// The longest beginning that has at most so many bytes as JSON, without its quotes, and cuts no character of Unicode.
  fileprivate func prefix(inJSON limit: Int) -> String {
    // No byte becomes more than six.
    guard utf8.count * 6 > limit else { return self }
    var size = 0
    let end = unicodeScalars.indices.first { index in
      switch unicodeScalars[index] {
      case "\"", "\\": size += 2
      case ..<" ": size += 6
      case let scalar: size += scalar.utf8.count
      }
      return size > limit
    }
    return end.map { String(self[..<$0]) } ?? self
  }
}
