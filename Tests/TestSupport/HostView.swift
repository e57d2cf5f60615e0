package import Envelope
package import PluginABI
internal import PluginKit

extension Envelope {
  /// Lends the envelope to a call, all fields filled in, as the host delivers one.
  package func withHostView<Result>(
    _ body: (UnsafePointer<promethean_envelope>) -> Result
  ) -> Result {
    let texts = [
      src, provider, tenant, reply, topic, id, intent, key, trace, corr, contentType, resource, build, models,
      configRev,
    ]
    let arena = texts.flatMap { Array($0.utf8) } + payload
    return unsafe arena.withUnsafeBufferPointer { arena in
      var offset = 0
      func next(_ count: Int) -> promethean_bytes {
        defer { offset += count }
        return unsafe promethean_bytes(data: arena.baseAddress.map { unsafe $0 + offset }, size: UInt64(count))
      }
      let places = unsafe texts.map { unsafe next($0.utf8.count) }
      var view = unsafe promethean_envelope()
      unsafe view.struct_size = UInt32(MemoryLayout<promethean_envelope>.size)
      unsafe view.attempt = attempt
      unsafe view.hops = hops
      unsafe view.origin = origin.rawValue
      unsafe view.flags = flags.rawValue
      unsafe view.ts = ts
      unsafe view.deadline = deadline
      unsafe (view.src, view.provider, view.tenant, view.reply) = (places[0], places[1], places[2], places[3])
      unsafe (view.topic, view.id, view.intent, view.key) = (places[4], places[5], places[6], places[7])
      unsafe (view.trace, view.corr, view.content_type) = (places[8], places[9], places[10])
      unsafe (view.resource, view.build, view.models) = (places[11], places[12], places[13])
      unsafe view.config_rev = places[14]
      unsafe view.payload = next(payload.count)
      return unsafe withUnsafePointer(to: view) { unsafe body($0) }
    }
  }
}
