import Envelope
import Glibc
import Host
import Testing

extension TestHost {
  /// The state of an instance, once it has some words in it.
  func status(of instance: String, says words: String) throws -> String {
    let client = try client()
    return try until("\(instance) says \"\(words)\"") {
      let text = "\(try client.instance(instance))"
      return text.contains(words) ? text : nil
    }
  }

  /// Waits until a consumer has handled all that the journal has for it.
  func waitUntilIdle(_ client: AdminClient, _ instance: String = "message-indexer") throws {
    try until("\(instance) has handled everything") {
      let instance = try client.instance(instance)
      return instance["lag"]?.intValue == 0 && instance["in_flight"]?.intValue == 0 ? () : nil
    }
  }
}

extension AdminClient {
  /// The state of one instance.
  func instance(_ name: String) throws -> JSON {
    try #require(try call("status")["instances"]?.arrayValue?.first { $0["name"]?.stringValue == name })
  }

  /// Kills the process of an instance.
  func kill(_ instance: String) throws {
    let pid = try #require(try self.instance(instance)["pid"]?.intValue)
    try #require(Glibc.kill(pid_t(pid), SIGKILL) == 0)
  }
}
