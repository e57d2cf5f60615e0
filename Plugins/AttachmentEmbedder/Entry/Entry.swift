internal import AttachmentEmbedder
public import PluginABI
internal import PluginKit

/// The table by which a runner makes and drives an attachment embedder.
@c(promethean_plugin_entry_v1)
public func entry() -> UnsafePointer<promethean_plugin>? { unsafe PluginEntry<AttachmentEmbedder>.table }
