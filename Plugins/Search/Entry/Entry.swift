public import PluginABI
internal import PluginKit
internal import Search

/// The table by which a runner makes and drives a search.
@c(promethean_plugin_entry_v1)
public func entry() -> UnsafePointer<promethean_plugin>? { unsafe PluginEntry<SearchPlugin>.table }
