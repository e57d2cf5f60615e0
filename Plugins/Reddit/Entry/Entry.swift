public import PluginABI
internal import PluginKit
internal import Reddit

/// The table by which a runner makes and drives an access instance of Reddit.
@c(promethean_plugin_entry_v1)
public func entry() -> UnsafePointer<promethean_plugin>? { unsafe PluginEntry<RedditPlugin>.table }
