extension Row {
  /// Users, capabilities, namespaces, mounts, and what root alone may change.
  static let rights = [
    Self(60, "become root", .itself, "become_root", worksAtLarge: false),
    Self(61, "take capabilities", .itself, "take_capabilities", worksAtLarge: false),
    Self(62, "make a user namespace", .itself, "make_user_namespace", ends: true),
    Self(63, "mount", .gain, "mount_", ends: true),
    Self(64, "enter the host's namespace", .gain, "enter_namespace", ends: true, worksAtLarge: false),
    Self(65, "change the root", .gain, "change_root", ends: true, worksAtLarge: false),
    Self(98, "set the clock", .gain, "set_clock", worksAtLarge: false),
    Self(99, "name the machine", .machine, "name_machine", worksAtLarge: false),
    Self(100, "read the kernel's log", .gain, "read_log", worksAtLarge: false),
    Self(102, "leave its control group", .gain, "leave_cgroup", worksAtLarge: false),
  ]
}
