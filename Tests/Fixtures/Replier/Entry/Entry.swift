public import PluginABI
internal import PluginKit
internal import Replier

/// The table by which a runner makes and drives a replier.
@c(promethean_plugin_entry_v1)
public func entry() -> UnsafePointer<promethean_plugin>? { unsafe PluginEntry<Replier>.table }
