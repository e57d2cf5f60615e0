extension Row {
  /// Parts of the kernel that no plugin needs, and other ways in than the usual one.
  static let kernel = [
    Self(66, "load programs into the kernel", .gain, "load_bpf", ends: true, worksAtLarge: false),
    Self(67, "count the machine's events", .gain, "count_events", ends: true),
    Self(68, "handle page faults", .gain, "handle_faults", ends: true),
    Self(69, "queue calls past the filter", .gain, "make_ring", ends: true),
    Self(70, "keep keys in the kernel", .gain, "add_key", ends: true),
    Self(
      71,
      "open a file by its handle",
      .secret,
      "open_by_handle",
      "{outside}/secret",
      ends: true,
      worksAtLarge: false
    ),
    Self(72, "attach the host's shared memory", .secret, "attach_segment"),
    Self(73, "receive from the host's queue", .secret, "receive_queue"),
    Self(89, "open by the gate of 32-bit programs", .secret, "call_int80", "{outside}/secret", ends: true),
    Self(90, "open by x32", .secret, "call_x32", "{outside}/secret", ends: true, worksAtLarge: false),
    Self(91, "have all that can be read run", .gain, "change_personality", ends: true),
    Self(92, "type into a terminal", .gain, "type_terminal", worksAtLarge: false),
    Self(96, "watch who reads", .gain, "watch_files"),
    Self(112, "install a filter", .gain, "install_filter"),
    // Not every kernel has them.
    Self(113, "listen to the kernel's notices", .gain, "watch_queue", worksAtLarge: false),
  ]
}
