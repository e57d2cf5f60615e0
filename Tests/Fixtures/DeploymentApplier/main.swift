// Applies or rolls back a deployment without a host, and kills itself at a durable step, the first being 1:
// DeploymentApplier PLUGINS_YML apply|rollback STEP

import Glibc
import Host
import Locking

let arguments = CommandLine.arguments
guard arguments.count == 4, let last = Int(arguments[3]) else { fatalError("expected PLUGINS_YML apply|rollback STEP") }
let steps = Locked(0)
let deployer = Deployer(path: arguments[1], searchPath: []) { _ in
  let step = steps.withLock { count in
    count += 1
    return count
  }
  if step == last { kill(getpid(), SIGKILL) }
}
switch arguments[2] {
case "apply": _ = try deployer.applyOffline(nil, isApproved: true)
case "rollback": _ = try deployer.rollbackOffline(nil)
default: fatalError("expected apply or rollback")
}
