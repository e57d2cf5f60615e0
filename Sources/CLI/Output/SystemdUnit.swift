/// The unit by which systemd runs a host.
struct SystemdUnit {
  /// The path of `promethean`, beside which its runner and libraries lie.
  var executable: String
  /// The path of plugins.yml.
  var deployment: String
  /// Who the host is.
  var user: String

  /// Where packages put the program, and what they run.
  static let packaged = SystemdUnit(
    executable: "/usr/lib/promethean/promethean",
    deployment: "/var/lib/promethean/plugins.yml",
    user: "promethean"
  )

  /// Where services keep what is theirs.
  private static let state = "/var/lib/"
  /// What ProtectHome= hides.
  private static let homes = ["/home/", "/root/", "/run/user/"]
  /// What PrivateTmp= hides.
  private static let temporary = ["/tmp/", "/var/tmp/"]

  /// Why a service could not be run like this, nil if it could.
  var problem: String? {
    for path in [executable, deployment] {
      guard path.utf8.allSatisfy({ $0.isAlphanumeric || "/._-+@,=".utf8.contains($0) }) else {
        return "\(path) has characters that mean something else in a unit"
      }
      if Self.temporary.contains(where: path.hasPrefix) {
        return "\(path) is out of a service's sight: it has a /tmp of its own"
      }
    }
    let isUser = user.utf8.allSatisfy { $0.isAlphanumeric || "_-.".utf8.contains($0) } && !user.hasPrefix("-")
    if user.isEmpty || !isUser { return "\(user) is no user's name" }
    // What follows would be another service: without namespaces of their users' own, and with rights to give away.
    return user == "root" || user == "0"
      ? "the unit takes from root what a host of root's needs; name another user" : nil
  }

  private var directory: String { Files.parent(of: deployment) }

  /// What the host may write: its state directory, which systemd makes, or the deployment's wherever that is.
  private var writable: String {
    let name = directory.hasPrefix(Self.state) ? String(directory.dropFirst(Self.state.count)) : ""
    guard !name.isEmpty, !name.contains("/") else { return "ReadWritePaths=\(directory)" }
    return "StateDirectory=\(name)"
  }

  /// Homes are hidden, unless the host lies in one.
  private var homes: String {
    let isThere = [executable, deployment].contains { path in Self.homes.contains(where: path.hasPrefix) }
    return isThere ? "read-only" : "yes"
  }

  /// The text of the unit.
  var text: String {
    """
    # Runs a Promethean host. Printed by `promethean export systemd`; what to know about it: docs/operations.md.
    #
    # Instances inherit all of it and close sandboxes of their own within. What is left open, and why, stands beside it.

    [Unit]
    Description=Promethean host of \(directory)
    Wants=network-online.target
    After=network-online.target
    # Ten starts in five minutes that all failed will not be followed by one that succeeds.
    StartLimitIntervalSec=5min
    StartLimitBurst=10

    [Service]
    Type=notify
    NotifyAccess=main
    ExecStart=\(executable) --deployment \(deployment) up
    # Ends when the new generation serves, or with an error when it does not and the old one goes on. The host says that it
    # reloads, and when it is ready again, itself; not Type=notify-reload, whose signal, SIGHUP, would stop it.
    ExecReload=\(executable) --deployment \(deployment) apply
    User=\(user)
    Group=\(user)
    \(writable)

    # Ready is when every instance is ready or will not be: raise this where a limits.start of plugins.yml is longer. It
    # bounds a reload too, with the limits.drain of what is replaced.
    TimeoutStartSec=5min
    # The host's loop gives a sign of life at half of this.
    # It would live on after SIGABRT, of which Swift's runtime prints a backtrace.
    WatchdogSec=30s
    WatchdogSignal=SIGKILL
    Restart=on-failure
    RestartSec=5s
    # The command line was wrong, and will be.
    RestartPreventExitStatus=2
    # The host stops its instances in order, so it alone hears SIGTERM: 10 s for each of three kinds of plugins, and then
    # the journal.
    KillMode=mixed
    TimeoutStopSec=60s

    # A control group for each instance, with its own limits. One that the kernel ends for want of memory is the host's to
    # start again.
    Delegate=memory pids cpu
    OOMPolicy=continue

    # A credential for `{ credential: echo-token }` in the tenants of plugins.yml; a line each.
    #LoadCredential=echo-token:/etc/promethean/echo-token

    # What it may be. The host needs no capability; runners have those of the user namespaces that they make.
    CapabilityBoundingSet=
    AmbientCapabilities=
    NoNewPrivileges=yes
    PrivateUsers=yes
    KeyringMode=private
    RemoveIPC=yes
    UMask=0077

    # What it sees of files.
    ProtectSystem=strict
    ProtectHome=\(homes)
    PrivateTmp=yes
    PrivateDevices=yes
    PrivateMounts=yes
    ProcSubset=pid
    # Not ProtectProc=: the host reads what its runners use of memory in /proc, and may not trace them.
    # Not ProtectControlGroups=: the host makes groups below its own.
    ProtectKernelTunables=yes
    ProtectKernelModules=yes
    ProtectKernelLogs=yes
    ProtectClock=yes
    ProtectHostname=yes

    # What it may call. Not PrivateNetwork= or IPAddressDeny=: the host connects for plugins that are granted net.dial.
    RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
    # A runner's sandbox is made of these; the others, of processes and times, it has no use for.
    RestrictNamespaces=user mnt net ipc uts cgroup
    RestrictRealtime=yes
    RestrictSUIDSGID=yes
    LockPersonality=yes
    MemoryDenyWriteExecute=yes
    SystemCallArchitectures=native
    SystemCallErrorNumber=EPERM
    SystemCallFilter=@system-service
    # A runner's private root; Landlock and its own filter; memory for credentials that not even root reads.
    SystemCallFilter=mount umount2 mount_setattr move_mount open_tree pivot_root
    SystemCallFilter=landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp memfd_secret
    # Nobody here uses these, and they have been the way into many a kernel.
    SystemCallFilter=~@aio @keyring

    [Install]
    WantedBy=multi-user.target

    """
  }
}

extension UInt8 {
  fileprivate var isAlphanumeric: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }
}
