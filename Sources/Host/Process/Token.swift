/// The numbers under which the loop waits on descriptors.
///
/// An instance's hold which life of it the descriptor belongs to, so that an event of the last life, still on its way,
/// does not touch the next.
enum Token {
  static let signals: UInt64 = 1
  static let events: UInt64 = 2
  static let dropIns: UInt64 = 3
  private static let firstInstance: UInt64 = 1 << 8

  static func of(_ instance: Instance, _ role: Supervisor.DescriptorRole) -> UInt64 {
    UInt64(instance.number) << 32 | (UInt64(instance.generation) & 0x3f_ffff) << 10 | firstInstance | role.rawValue
  }

  static func instance(_ token: UInt64, of router: Router) -> (Instance, Supervisor.DescriptorRole)? {
    guard let instance = router.instance(numbered: Int(token >> 32)),
      let role = Supervisor.DescriptorRole(rawValue: token & 0xff), of(instance, role) == token
    else { return nil }
    return (instance, role)
  }
}
