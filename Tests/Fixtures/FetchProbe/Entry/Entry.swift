internal import FetchProbe
public import PluginABI
internal import PluginKit

/// The table by which a runner makes and drives the probe.
@c(promethean_plugin_entry_v1)
public func entry() -> UnsafePointer<promethean_plugin>? { unsafe PluginEntry<FetchProbe>.table }
