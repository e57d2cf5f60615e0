internal import AttachmentIndexer
public import PluginABI
internal import PluginKit

/// The table by which a runner makes and drives an attachment indexer.
@c(promethean_plugin_entry_v1)
public func entry() -> UnsafePointer<promethean_plugin>? { unsafe PluginEntry<AttachmentIndexer>.table }
