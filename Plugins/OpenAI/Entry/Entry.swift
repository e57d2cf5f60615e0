internal import OpenAI
public import PluginABI
internal import PluginKit

/// The table by which a runner makes and drives an instance.
@c(promethean_plugin_entry_v1)
public func entry() -> UnsafePointer<promethean_plugin>? { unsafe PluginEntry<OpenAIPlugin>.table }
