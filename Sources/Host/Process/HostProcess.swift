internal import CLinux
internal import Channel
internal import Envelope
internal import Glibc

/// A host: everything it is made of, and the loop that runs it.
///
/// The thread that calls `run` becomes the loop's and is the only one to touch router, supervisor and operations.
/// Beside it run the journal's thread, the admin server's, the log's, the telemetry server's, and the one that spawns.
package final class HostProcess {
  /// What wakes the loop beside descriptors of instances.
  enum Event: Sendable {
    case journal([JournalAnswer])
    case admin(AdminServer.Event)
    case launched(Int, Result<Launched, LaunchError>)
    case dialled(UInt64, Result<Dialer.Connection, Dialer.Failure>)
    case measured(DiskMeter.Answer)
    case perform(@Sendable (HostProcess) -> Void)
  }

  /// How often what depends on time is looked at, in milliseconds: a tenth of what a person notices.
  static let tick: Int32 = 100

  package internal(set) var deployment: Deployment
  let paths: DeploymentPaths
  let log: Log
  let metrics: HostMetrics
  let router: Router
  let supervisor: Supervisor
  let journal: JournalLink
  let keeper: JournalKeeper
  /// Where instances have control groups, if this machine has any for them.
  let groups: ControlGroups?
  let startedAt = Timestamp.now
  /// What is wrong with the host itself, in words, by what it is about.
  var degraded: [String: String] = [:]
  var telemetry: TelemetryServer?
  private(set) var readiness = Readiness()
  let health = HealthBoard()

  /// Who is told how the host is, if a service manager has started it.
  let service: ServiceManager?

  let options: HostOptions
  /// Reads and writes what runs, and is to run, on a thread of its own.
  let deployer: Deployer
  let deployThread: WorkThread
  /// What lies in `plugins.d`.
  let dropIns: DropIns
  /// Whether a change of what runs is under way.
  var isDeploying = false
  /// What is being erased.
  var erasure: Erasure?
  private let lock: HostLock
  private let signals: SignalSource
  let events = Mailbox<Event>()
  private let journalThread: JournalThread
  private var admin: AdminServer?
  private(set) var operations: AdminOperations?
  private var poller = Poller()
  private var isStopping = false
  private var exitCode: Int32 = 0

  /// Reads the deployment and opens everything; starts no plugin.
  package init(options: HostOptions) throws {
    self.options = options
    deployer = Deployer(path: options.deployment, searchPath: options.searchPath, step: options.onStep)
    // Ahead of all that is made: a deployment that cannot be used leaves nothing behind.
    let desired = deployer.desired()
    paths = DeploymentPaths(directory: deployer.directory)
    Self.harden()
    let files = DescriptorBudget.raise()
    guard files >= DescriptorBudget.hostMin else {
      throw HostError(
        "a host takes at least \(DescriptorBudget.hostMin) open files, found a limit of \(files): \(DescriptorBudget.remedy)"
      )
    }
    let hasRun = unsafe access("\(paths.root)/generations", F_OK) == 0
    guard desired.deployment != nil || hasRun else { throw InvalidDeployment(diagnostics: desired.diagnostics) }
    try Directory.make("\(paths.root)/run", mode: 0o755)
    lock = try HostLock(path: paths.lock)
    // Before what it starts with makes another: drafts that were left behind are of the one that was to follow.
    let current = try deployer.store.current()?.generation
    let start = try deployer.start()
    let diagnostics = start.diagnostics
    deployment = start.deployment
    try options.check(deployment.plugins.filter(\.enabled).map(\.id) + diagnostics.compactMap(\.plugin))
    deployThread = try WorkThread("deploy")
    dropIns = try DropIns(of: deployment)
    signals = try SignalSource()

    let redactor = Redactor()
    metrics = HostMetrics(version: Build.version, revision: Build.revision, redactor: redactor)
    try Directory.make(paths.log, mode: 0o750)
    log = try Log(Self.logOptions(options, deployment.host, paths), metrics: metrics.registry, redactor: redactor)
    let log = self.log
    service = options.service.map { ServiceManager($0, log: log) }
    let secrets = try SecretStore(
      tenants: deployment.tenants,
      directory: options.credentialsDirectory,
      redactor: redactor
    )
    if secrets.isSecret == false { log.warn("this kernel has no secret memory: root can read credentials") }
    let opened = try Journal(path: paths.journal, options: Self.journalOptions(deployment.host))
    try opened.settleDrafts(current: Int64(current ?? 0))
    let head = opened.last
    let consumers = try ConsumerPlan.all(of: deployment).map { plan in
      (plan, try opened.consumer(named: plan.name))
    }
    let events = self.events
    journalThread = try JournalThread(opened) { events.post(.journal($0)) }
    journal = JournalLink(journalThread)
    keeper = JournalKeeper(journal: journal, window: deployment.host.journalWindow, metrics: metrics.journal)
    router = Router(
      journal: journal,
      head: head,
      log: log,
      metrics: metrics,
      handles: ReplyHandles(key: try ReplyKey(path: paths.replyKey)),
      redactor: redactor
    )
    groups = Self.controlGroups(log, deployment)
    supervisor = Supervisor(
      deployment: deployment,
      router: router,
      log: log,
      launcher: Launcher(
        runner: options.runner,
        plugins: deployment.plugins.map(\.id),
        store: paths.store,
        groups: groups,
        completion: { events.post(.launched($0, $1)) }
      ),
      secrets: secrets,
      quotas: try DiskQuotas(of: deployment, log: log) { events.post(.measured($0)) }
    )
    supervisor.onStep = options.onStep
    router.onDialled = { events.post(.dialled($0, $1)) }
    for (plan, record) in consumers { router.add(plan, record) }
    if let only = options.only {
      for instance in router.instances where !only.contains(instance.plugin.id) { instance.leaveOut() }
    }
    // One that is broken is left out, and keeps no other from running.
    for diagnostic in diagnostics {
      degraded["plugin \(diagnostic.plugin ?? "")"] = diagnostic.description
      log.error("left out: \(diagnostic)", plugin: diagnostic.plugin)
    }
    if let pending = start.pending {
      degraded["plugins.yml"] = pending
      log.error("plugins.yml: \(pending)")
    }
  }

  /// Runs until it is told to stop, by a signal or on the admin socket, and everything has stopped in order.
  ///
  /// - Returns: The exit code: 0, or 1 if something had to be ended by force.
  package func run() throws -> Int32 {
    journal.onCommit = { [weak self] error in self?.journalAnswered(error) }
    watchInstances()
    poller.add(signals.descriptor, token: Token.signals)
    poller.add(events.descriptor, token: Token.events)
    if let descriptor = dropIns.descriptor { poller.add(descriptor, token: Token.dropIns) }
    let events = self.events
    let admin = try AdminServer(path: paths.adminSocket) { events.post(.admin($0)) }
    self.admin = admin
    operations = AdminOperations(host: self, server: admin)
    startTelemetry()
    log.info("host started", ["pid": .int(Int64(getpid())), "deployment": .string(deployment.path)])
    loop()
    supervisor.launcher.close()
    deployThread.close()
    dropIns.close()
    // First of all, for clients may be slow to take their last answers.
    router.finish()
    admin.stop()
    telemetry?.stop()
    journalThread.close()
    supervisor.quotas.close()
    groups?.close()
    log.info("host stopped")
    log.close()
    return exitCode
  }

  /// Tells the host to stop everything in order.
  func stop() {
    guard !isStopping else { return }
    isStopping = true
    log.info("stopping")
    service?.stopping()
    supervisor.stop()
  }

  /// Runs something on the loop's thread.
  ///
  /// Any thread.
  package func perform(_ body: @escaping @Sendable (HostProcess) -> Void) {
    events.post(.perform(body))
  }

  /// What has something run on the loop's thread, for whoever is on another.
  var performer: @Sendable (@escaping @Sendable (HostProcess) -> Void) -> Void {
    let events = events
    return { body in events.post(.perform(body)) }
  }

  // MARK: - The loop

  private func loop() {
    var lastTick: Int64 = 0
    var ready: [Poller.Event] = []
    while !supervisor.isStopped {
      let now = HostClock.monotonic
      if now - lastTick >= Int64(Self.tick) * nanosecondsPerMillisecond {
        lastTick = now
        tick(now: now)
      }
      router.refill(at: now)
      router.pass()
      // At once, for whoever waits for the old generation to finish waits as long.
      supervisor.advance(now: now)
      operations?.pass()
      let elapsed = Int32((HostClock.monotonic - lastTick) / nanosecondsPerMillisecond)
      let pause = max(1, min(router.throttle ?? .max, Self.tick - elapsed))
      let wait = router.hasWork ? 0 : pause
      ready.removeAll(keepingCapacity: true)
      poller.wait(milliseconds: wait) { ready.append($0) }
      for event in ready { handle(event) }
    }
  }

  private func tick(now: Int64) {
    supervisor.tick(now: now)
    router.tick(now: now, realtime: HostClock.realtime)
    operations?.tick()
    keeper.tick(now: now, needed: min(router.lowestCursor, (journal.unburied ?? .max) - 1))
    tickDropIns(now: now)
    readiness.update(supervisor.instances)
    health.update(
      unhealthy: degraded.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" },
      unready: readiness.unready.map { "\($0.name): \($0.reason)" }
    )
    service?.tick(now: now, status: statusLine)
    if readiness.becameSettled {
      service?.ready()
      options.onReady(status)
    }
  }

  private func handle(_ event: Poller.Event) {
    switch event.token {
    case Token.signals: while let signal = signals.next() { hear(signal) }
    case Token.dropIns: dropIns.hear(now: HostClock.monotonic)
    case Token.events: for event in events.drain() { handle(event) }
    default:
      guard let (instance, role) = Token.instance(event.token, of: router) else { return }
      switch role {
      case .frames:
        instance.process?.channel.awake()
        router.drain(instance)
      case .control: supervisor.readControl(of: instance)
      case .output: supervisor.readOutput(of: instance)
      case .end: supervisor.processEnded(instance)
      }
    }
  }

  private func handle(_ event: Event) {
    switch event {
    case .journal(let answers): journal.receive(answers)
    case .admin(let event): operations?.handle(event)
    case .launched(let number, let result): supervisor.launched(number, result)
    case .dialled(let number, let result): router.dialled(number, result)
    case .measured(let found): supervisor.measured(found, now: HostClock.monotonic)
    case .perform(let body): body(self)
    }
  }

  /// A second signal means that whoever sends it will not wait.
  private func hear(_ signal: Int32) {
    guard isStopping else { return stop() }
    exitCode = 1
    supervisor.killAll()
  }

  /// Notes whether the journal takes what is published, and says so when that changes.
  private func journalAnswered(_ error: JournalError?) {
    guard error?.description != degraded["journal"] else { return }
    degraded["journal"] = error?.description
    if let error {
      log.error("the journal does not take what is published: \(error)")
    } else {
      log.info("the journal takes what is published again")
      router.repeatProgress()
    }
  }

  private func watchInstances() {
    supervisor.watch = { [unowned self] descriptor, role, instance in
      poller.add(descriptor, token: Token.of(instance, role))
    }
    supervisor.unwatch = { [unowned self] descriptor in poller.remove(descriptor) }
  }
}
