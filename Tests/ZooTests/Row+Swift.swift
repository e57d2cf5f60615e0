extension Row {
  /// What a plugin in Swift would try first, by the libraries that Swift comes with.
  static let inSwift = [
    Self(1, "read a file with Foundation", .secret, "read", "{outside}/secret", from: .landlock),
    Self(2, "see a file's size with Foundation", .secret, "list", "{outside}/secret", from: .full),
    Self(3, "write a file with Foundation", .files, "write", "{outside}/written", from: .landlock),
    Self(4, "remove a file with Foundation", .files, "remove", "{outside}/secret", from: .landlock),
    Self(5, "find a token in the environment", .secret, "environment"),
    Self(6, "run a program with Foundation", .files, "run"),
    Self(7, "connect from a queue of Dispatch's", .visitor, "connect"),
    Self(8, "signal the host", .prey, "signal"),
  ]
}
