public import PluginABI

@c(promethean_plugin_entry_v1)
public func entry() -> UnsafePointer<promethean_plugin>? { nil }
