/// How an instance is.
public enum Health: Sendable, Hashable {
  /// It does what it is for.
  case well
  /// It does not, for a reason that people understand, such as `the gateway has been away for 40 s`.
  case unwell(String)
}

/// A plugin that says how it is.
///
/// It is asked once it has started, and then at the interval of its manifest's `health`. One that is unwell is shown as
/// degraded; a new generation that is unwell does not take the place of the one before.
@PluginActor
public protocol HealthReporting: Plugin {
  /// How it is now; answered from memory, for everything else waits meanwhile.
  var health: Health { get }
}
