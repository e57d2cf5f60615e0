public import PluginABI
internal import PluginKit
internal import Storage

/// The table by which a runner makes and drives a storage.
@c(promethean_plugin_entry_v1)
public func entry() -> UnsafePointer<promethean_plugin>? { unsafe PluginEntry<StoragePlugin>.table }
