#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layers.h"

/// No way back to root by exec or by set-user-ID, no ambient capabilities, and all of it locked.
#define SECURE_BITS                                                                                          \
  (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |          \
   SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

static struct __user_cap_header_struct caps_header = {.version = _LINUX_CAPABILITY_VERSION_3};

/// Whether this process may still give things up that need a capability to give up.
static int can_set_caps(void) {
  struct __user_cap_data_struct caps[2] = {0};
  if (syscall(SYS_capget, &caps_header, caps) != 0) return 0;
  return (caps[0].effective >> CAP_SETPCAP) & 1;
}

static int drop_bounds(sandbox_report *report) {
  if (!can_set_caps()) return 0;
  // The kernel says where the list ends by EINVAL.
  for (int cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++) continue;
  if (errno != EINVAL) return sandbox_failed(report, "prctl(PR_CAPBSET_DROP): %s", strerror(errno));
  if (prctl(PR_SET_SECUREBITS, SECURE_BITS, 0, 0, 0) == 0) return 0;
  return sandbox_failed(report, "prctl(PR_SET_SECUREBITS): %s", strerror(errno));
}

int identity_change(const sandbox_plan *plan, sandbox_report *report) {
  // While it still has the right to: without effect after the user has changed.
  if (drop_bounds(report)) return -1;
  if (geteuid() != 0 || plan->uid == 0) return 0;
  if (setgroups(0, NULL) != 0) return sandbox_failed(report, "setgroups: %s", strerror(errno));
  if (setresgid(plan->gid, plan->gid, plan->gid) != 0)
    return sandbox_failed(report, "setresgid(%u): %s", plan->gid, strerror(errno));
  if (setresuid(plan->uid, plan->uid, plan->uid) != 0)
    return sandbox_failed(report, "setresuid(%u): %s", plan->uid, strerror(errno));
  return 0;
}

int identity_disarm(sandbox_report *report) {
  struct __user_cap_data_struct none[2] = {0};
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 || syscall(SYS_capset, &caps_header, none) != 0)
    return sandbox_failed(report, "capset: %s", strerror(errno));
  // Not earlier: the files by which a user namespace is set up belong to root while this is off.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
    return sandbox_failed(report, "prctl(PR_SET_DUMPABLE): %s", strerror(errno));
  return 0;
}
