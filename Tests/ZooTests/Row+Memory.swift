extension Row {
  /// Code that it has written, and more than it was given.
  static let memory = [
    // The rings are sealed, and their descriptor is closed before the plugin is there.
    Self(74, "shrink the rings", .rings, "shrink_rings"),
    Self(75, "grow the rings", .rings, "grow_rings"),
    Self(76, "run memory that it can write", .gain, "run_written"),
    Self(77, "make memory run that it has written", .gain, "run_protected"),
    // Where nothing mounts it otherwise, what it can write it can map.
    Self(78, "run a library that it has written", .secret, "load_dropped", from: .full),
    Self(79, "load a library of the host's", .secret, "load_outside", from: .landlock),
    Self(81, "reserve 100 GiB", .excess, "reserve"),
    Self(82, "use more memory than it was given", .excess, "touch_private"),
    Self(83, "use more of what it shares with nobody", .excess, "touch_shared"),
    Self(84, "use memory that is a file", .gain, "fill_memfd"),
    Self(85, "use the kernel's memory for pipes", .excess, "fill_pipes"),
    // Threads are counted by user, and without a namespace the host's own would starve.
    Self(86, "start threads without end", .excess, "start_threads", from: .full),
    Self(87, "open descriptors without end", .excess, "open_descriptors"),
    Self(88, "fill the disk", .excess, "fill_disk"),
    Self(104, "give pages to the kernel", .gain, "splice_memory"),
    Self(109, "make memory run by its key", .gain, "run_pkey"),
    Self(110, "run a file in memory that it has written", .gain, "run_anonymous"),
    Self(111, "run what it was given to write", .gain, "run_rings"),
  ]
}
