extension Row {
  /// Sockets of every kind, and those that it was given.
  static let network = [
    Self(33, "connect by TCP", .visitor, "connect_tcp"),
    Self(34, "listen", .gain, "listen_tcp"),
    Self(35, "connect in the first packet", .visitor, "connect_fast_open"),
    Self(36, "connect by multipath TCP", .visitor, "connect_mptcp"),
    Self(37, "send by UDP", .visitor, "send_udp"),
    Self(38, "ask the kernel by netlink", .gain, "ask_netlink"),
    Self(39, "take a port of the hypervisor's", .gain, "open_vsock"),
    // The first need a capability, and not every kernel has the last.
    Self(40, "open raw sockets and ciphers", .gain, "open_raw", worksAtLarge: false),
    Self(41, "connect to a socket in the file system", .visitor, "connect_unix"),
    Self(42, "connect to an abstract socket", .visitor, "connect_abstract"),
    Self(43, "connect a socket that it was given", .visitor, "connect_inherited"),
    Self(93, "flood the host with descriptors", .gain, "pass_descriptors"),
  ]
}
