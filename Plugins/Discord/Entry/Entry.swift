internal import Discord
public import PluginABI
internal import PluginKit

/// The table by which a runner makes and drives an access instance of Discord.
@c(promethean_plugin_entry_v1)
public func entry() -> UnsafePointer<promethean_plugin>? { unsafe PluginEntry<DiscordPlugin>.table }
