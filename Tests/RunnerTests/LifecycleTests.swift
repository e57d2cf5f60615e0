internal import CChannel
internal import Glibc
internal import Host
internal import RunnerSupport
internal import Testing

@Suite struct LifecycleTests {
  @Test(arguments: ["", "start is pending", "stop is pending"])
  func `a plugin is created, started, given an envelope, and stopped`(config: String) async throws {
    try await onHostThread {
      let driver = try Driver(.compile()) { $0.config = config }
      #expect(try driver.start().status == 0)
      try driver.deliver("Ok", token: 42)
      #expect(try driver.frame(WIRE_SETTLE).token == 42)
      #expect(try driver.stop() == .status(0))
      // The last words before the exit are in the ring.
      #expect(try driver.line("stopping") == "stopping")
      #expect(try driver.line("destroyed") == "destroyed")
    }
  }

  @Test(arguments: ["", #"{"allow":{"guilds":["1"]},"rate":{},"grants":{}}"#])
  func `a plugin is told what it may do with its tenant`(binding: String) async throws {
    try await onHostThread {
      let driver = try Driver(.compile()) { $0.binding = binding }
      try driver.start()
      try driver.deliver("Binding")
      #expect(try driver.line("bound") == "bound by \(binding)")
      #expect(try driver.stop() == .status(0))
    }
  }

  @Test func `what comes before start or after stop is given back untried`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile()) { $0.config = "start hangs" }
      try driver.create()
      try driver.deliver("Ok", token: 1)
      #expect(try driver.frame(WIRE_SETTLE).argument == 2)
      try driver.process.sendControl(ControlMessage(kind: UInt32(WIRE_START)))
      try driver.deliver("Ok", token: 2)
      #expect(try driver.frame(WIRE_SETTLE).argument == 2)
      #expect(try driver.stop() == .status(0))
    }
  }

  @Test func `an instance that was never started is destroyed without being stopped`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.create()
      #expect(try driver.stop() == .status(0))
      #expect(try driver.line("destroyed") == "destroyed")
      #expect(!driver.frames.contains { $0.op == WIRE_LOG && $0.line == "stopping" })
    }
  }

  @Test func `a plugin gives back what it holds when it stops`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      try driver.deliver("Hold", token: 9)
      _ = try driver.line("held")
      #expect(try driver.stop() == .status(0))
      let settled = try driver.frame(WIRE_SETTLE)
      #expect(settled.token == 9 && settled.argument == 2)
    }
  }

  @Test(arguments: [("Crash", RunnerProcess.Exit.signal(SIGABRT)), ("Exit", .status(3))])
  func `the end of a plugin is the end of its process only`(intent: String, exit: RunnerProcess.Exit) async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      try driver.deliver(intent)
      #expect(try driver.end() == exit)
    }
  }

  @Test func `a plugin that spins is killed`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      try driver.deliver("Spin")
      driver.process.kill()
      #expect(try driver.end() == .signal(SIGKILL))
      driver.process.kill()
    }
  }

  @Test func `a runner whose host hangs up ends`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      shutdown(driver.process.control, Int32(SHUT_RDWR))
      #expect(try driver.end() == .status(3))
    }
  }

  @Test(arguments: ["Spin", "Hold"])
  func `a runner whose host dies is killed, whatever its plugin does`(intent: String) async throws {
    let (pidfd, kept) = try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      try driver.deliver(intent)
      // Kept from being killed by its owner's end: that of the thread is to do it.
      let kept = unsafe UInt(bitPattern: Unmanaged.passRetained(driver).toOpaque())
      return (dup(driver.process.pidfd), kept)
    }
    defer {
      close(pidfd)
      if let driver = unsafe UnsafeRawPointer(bitPattern: kept) {
        unsafe Unmanaged<Driver>.fromOpaque(driver).release()
      }
    }
    var source = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
    #expect(unsafe poll(&source, 1, Driver.patience) == 1)
  }
}
