internal import MessageEmbedder
public import PluginABI
internal import PluginKit

/// The table by which a runner makes and drives a message embedder.
@c(promethean_plugin_entry_v1)
public func entry() -> UnsafePointer<promethean_plugin>? { unsafe PluginEntry<MessageEmbedder>.table }
