internal import CLinux
internal import Envelope
internal import Glibc

/// What the admin server's thread does.
struct AdminLoop: ~Copyable {
  private static let listenerToken: UInt64 = 0
  private static let commandsToken: UInt64 = 1

  private let listener: Int32
  private let commands: Mailbox<AdminServer.Command>
  private let onEvent: @Sendable (AdminServer.Event) -> Void
  private var poller = Poller()
  private var connections: [UInt64: AdminConnection] = [:]
  private var lastConnection = AdminLoop.commandsToken
  private var isStopping = false
  /// Given up for as long as it takes to send a client away when there are no descriptors left: one that is neither
  /// taken nor sent away would have the loop try again without end.
  private var spare = AdminLoop.openSpare()

  init(
    listener: Int32,
    commands: Mailbox<AdminServer.Command>,
    onEvent: @escaping @Sendable (AdminServer.Event) -> Void
  ) {
    self.listener = listener
    self.commands = commands
    self.onEvent = onEvent
    poller.add(listener, token: Self.listenerToken)
    poller.add(commands.descriptor, token: Self.commandsToken)
  }

  deinit {
    close(listener)
    close(spare)
  }

  private static func openSpare() -> Int32 { unsafe open("/dev/null", O_RDONLY | O_CLOEXEC) }

  mutating func run() {
    while !isStopping {
      var events: [Poller.Event] = []
      poller.wait(milliseconds: -1) { events.append($0) }
      for event in events { handle(event) }
    }
    for connection in connections.values { connection.finish() }
  }

  private mutating func handle(_ event: Poller.Event) {
    switch event.token {
    case Self.listenerToken: accept()
    case Self.commandsToken:
      for command in commands.drain() { perform(command) }
      for number in connections.keys.sorted() { update(number) }
    default:
      guard let connection = connections[event.token] else { return }
      if event.isReadable || event.isHungUp { connection.read() }
      update(event.token)
    }
  }

  private mutating func accept() {
    while true {
      let descriptor = linux_accept(listener)
      guard descriptor >= 0 else {
        guard errno == EMFILE || errno == ENFILE else { return }
        return sendAway()
      }
      guard connections.count < AdminServer.connectionsLimit else {
        close(descriptor)
        continue
      }
      lastConnection += 1
      connections[lastConnection] = AdminConnection(descriptor: descriptor, number: lastConnection)
      poller.add(descriptor, token: lastConnection)
    }
  }

  /// Has one client hear at once that there is no descriptor for it.
  private mutating func sendAway() {
    close(spare)
    close(linux_accept(listener))
    spare = Self.openSpare()
  }

  private mutating func perform(_ command: AdminServer.Command) {
    switch command {
    case .answer(let address, let answer): connections[address.connection]?.answer(address.request, answer)
    case .awaitRoom(let address): connections[address.connection]?.awaitRoom(address.request)
    case .stop: isStopping = true
    }
  }

  /// Hands on what has been read, writes what can be written, and lets go of a connection that is over.
  private mutating func update(_ number: UInt64) {
    guard let connection = connections[number] else { return }
    connection.write()
    for request in connection.takeRequests() { onEvent(.request(request)) }
    connection.write()
    for request in connection.takeRoom() { onEvent(.room(AdminAddress(connection: number, request: request))) }
    guard connection.isOver else {
      return poller.modify(
        connection.descriptor,
        for: connection.interest,
        token: number
      )
    }
    poller.remove(connection.descriptor)
    connection.close()
    connections[number] = nil
    onEvent(.closed(connection: number))
  }
}
