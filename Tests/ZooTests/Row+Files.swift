extension Row {
  /// Files: what is read, what is seen to exist, what is changed.
  static let files = [
    Self(1, "read a file of the machine's", .secret, "show_file", "/etc/passwd", from: .landlock),
    Self(2, "read a file that its user alone may read", .secret, "show_file", "{outside}/secret", from: .landlock),
    Self(3, "read the host's memory", .secret, "show_memory", "/proc/{host}/mem", from: .landlock),
    Self(4, "read the host's environment", .secret, "show_file", "/proc/{host}/environ", from: .landlock),
    Self(5, "read the host's command line", .secret, "show_file", "/proc/{host}/cmdline", from: .landlock),
    Self(6, "read what the host has mapped", .secret, "show_file", "/proc/{host}/maps", from: .landlock),
    Self(7, "open the host's descriptors", .secret, "show_file", "/proc/{host}/fd/{descriptor}", from: .landlock),
    Self(8, "list processes", .gain, "list_directory", "/proc", from: .landlock),
    Self(9, "read by way of its root", .secret, "show_file", "/proc/self/root{outside}/secret", from: .landlock),
    // Landlock does not hide that a file exists, nor how large it is.
    Self(10, "see how large a hidden file is", .secret, "stat_file", "{outside}/secret", from: .full),
    Self(11, "change a mode", .files, "change_mode", "{outside}/secret"),
    Self(12, "change times", .files, "change_times", "{outside}/secret"),
    Self(13, "change attributes", .files, "change_attributes", "{outside}/secret"),
    Self(14, "make a file outside", .files, "create_file", "{outside}/created", from: .landlock),
    Self(15, "empty a file", .files, "truncate_file", "{outside}/secret", from: .landlock),
    Self(16, "remove a file", .files, "remove_file", "{outside}/secret", from: .landlock),
    Self(17, "link out by name", .files, "link_out", "{outside}/secret"),
    Self(18, "follow a link that lies in its way", .secret, "show_file", "{readable}/link", from: .landlock),
    Self(19, "link a file into its own", .files, "link_in", "{outside}/secret"),
    Self(20, "climb out of what is granted", .secret, "show_file", "{readable}/../outside/secret", from: .landlock),
    Self(21, "climb out of a descriptor", .secret, "climb_from_descriptor", from: .landlock),
    Self(22, "move a file out", .files, "rename_out", from: .landlock),
    Self(23, "move a file in", .files, "rename_in", "{outside}/secret", from: .landlock),
    Self(24, "write where it may read", .files, "write_readable", from: .landlock),
    // By a descriptor of its own threads' directory, which only a runner with Landlock has.
    Self(25, "reach its process by its threads", .secret, "show_pinned", "../environ"),
    Self(26, "reach the host by its threads", .secret, "show_pinned", "../../{host}/environ"),
    Self(27, "reach the root by its threads", .secret, "show_pinned", "%d/root{outside}/secret"),
    Self(28, "find the host's environment in its own", .secret, "show_environment"),
    Self(29, "find a token in its environment", .secret, "get_environment"),
    Self(30, "read memory that is shared by name", .secret, "show_file", "{shared}", from: .landlock),
    Self(31, "make a device", .files, "make_device", worksAtLarge: false),
    Self(32, "open devices", .gain, "open_devices", from: .landlock),
  ]
}
