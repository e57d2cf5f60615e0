import Testing

// The tests that run a host, in two rows: each waits more than it works, and so two cores suffice for two at a time.

/// Those of what a host does, one after the other.
@Suite(.serialized, .compactMapIssues { TestHost.explained($0) })
enum EndToEnd {}

/// Those of what becomes of it when something changes, is killed or is cut off, one after the other.
@Suite(.serialized, .compactMapIssues { TestHost.explained($0) })
enum EndToEndChanges {}
