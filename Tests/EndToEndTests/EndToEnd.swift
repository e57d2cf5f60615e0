import Testing

/// The tests that run a host, one after the other: each has the machine to itself, so that two cores suffice.
@Suite(.serialized, .compactMapIssues { TestHost.explained($0) })
enum EndToEnd {}
