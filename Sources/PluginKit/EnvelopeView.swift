internal import Envelope
package import PluginABI

extension Envelope {
  /// A copy of an envelope of the host's; what lies beyond the struct's size is absent.
  package init(_ view: UnsafePointer<promethean_envelope>) {
    var fields = unsafe promethean_envelope()
    let size = unsafe min(Int(view.pointee.struct_size), MemoryLayout<promethean_envelope>.size)
    unsafe withUnsafeMutableBytes(of: &fields) {
      unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: view, count: size))
    }
    unsafe self.init(topic: String(fields.topic), intent: String(fields.intent), payload: [UInt8](fields.payload))
    unsafe id = String(fields.id)
    unsafe src = String(fields.src)
    unsafe provider = String(fields.provider)
    unsafe tenant = String(fields.tenant)
    unsafe reply = String(fields.reply)
    unsafe key = String(fields.key)
    unsafe trace = String(fields.trace)
    unsafe corr = String(fields.corr)
    unsafe contentType = String(fields.content_type)
    unsafe resource = String(fields.resource)
    unsafe build = String(fields.build)
    unsafe models = String(fields.models)
    unsafe configRev = String(fields.config_rev)
    unsafe ts = fields.ts
    unsafe deadline = fields.deadline
    unsafe attempt = fields.attempt
    unsafe hops = fields.hops
    unsafe origin = Origin(rawValue: fields.origin) ?? .live
    unsafe flags = Flags(rawValue: fields.flags)
  }

  /// The handle that is shown where something is to be said; elsewhere the field is the host's.
  private var shownReply: String {
    !reply.isEmpty && (try? Topic(topic))?.area == "social" ? reply : ""
  }

  /// How many bytes the texts that a plugin may write take together.
  private var textSize: Int {
    reply.utf8.count + topic.utf8.count + id.utf8.count + intent.utf8.count + key.utf8.count + trace.utf8.count
      + corr.utf8.count
      + contentType.utf8.count + resource.utf8.count + build.utf8.count + models.utf8.count + configRev.utf8.count
  }

  /// Lends the envelope to a call as the C struct has it.
  ///
  /// The texts are laid into one piece of memory for the time of the call. What only the host stamps stays
  /// empty, so that a plugin may send on a changed copy of what it received.
  func withView<Result>(flags: Flags = [], _ body: (UnsafePointer<promethean_envelope>) -> Result) -> Result {
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: textSize) { arena in
      var rest = unsafe arena[...]
      func lay(_ text: String) -> promethean_bytes {
        let count = text.utf8.count
        guard count > 0 else { return unsafe promethean_bytes() }
        let place = unsafe UnsafeMutableBufferPointer(rebasing: rest.prefix(count))
        _ = unsafe place.initialize(from: text.utf8)
        unsafe rest = rest.dropFirst(count)
        return unsafe promethean_bytes(data: UnsafePointer(place.baseAddress), size: UInt64(count))
      }
      var fields = unsafe promethean_envelope()
      unsafe fields.struct_size = UInt32(MemoryLayout<promethean_envelope>.size)
      unsafe fields.origin = origin.rawValue
      unsafe fields.flags = flags.rawValue
      unsafe fields.deadline = deadline
      unsafe fields.reply = lay(shownReply)
      unsafe fields.topic = lay(topic)
      unsafe fields.id = lay(id)
      unsafe fields.intent = lay(intent)
      unsafe fields.key = lay(key)
      unsafe fields.trace = lay(trace)
      unsafe fields.corr = lay(corr)
      unsafe fields.content_type = lay(contentType)
      unsafe fields.resource = lay(resource)
      unsafe fields.build = lay(build)
      unsafe fields.models = lay(models)
      unsafe fields.config_rev = lay(configRev)
      return unsafe withBytes(payload) { payload in
        unsafe fields.payload = payload
        return unsafe withUnsafePointer(to: fields) { unsafe body($0) }
      }
    }
  }
}
