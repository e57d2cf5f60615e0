#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "layers.h"

static int write_file(sandbox_report *report, const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  ssize_t written = file < 0 ? -1 : write(file, text, strlen(text));
  int code = errno;
  if (file >= 0) close(file);
  return written > 0 ? 0 : sandbox_failed(report, "write to %s: %s", path, strerror(code));
}

/// Keeps its user and group inside the user namespace, each being itself.
static int map_self(uid_t uid, gid_t gid, sandbox_report *report) {
  char users[64], groups[64];
  snprintf(users, sizeof users, "%u %u 1", uid, uid);
  snprintf(groups, sizeof groups, "%u %u 1", gid, gid);
  // Without the first, the kernel lets nobody but root write a group map.
  if (write_file(report, "/proc/self/setgroups", "deny")) return -1;
  return write_file(report, "/proc/self/uid_map", users) || write_file(report, "/proc/self/gid_map", groups) ? -1 : 0;
}

int namespaces_apply(const sandbox_plan *plan, sandbox_report *report) {
  uid_t uid = geteuid();
  gid_t gid = getegid();
  int spaces = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWNS;
  // Who is not root gets the right to the others by a user namespace.
  if (uid != 0) spaces |= CLONE_NEWUSER;
  if (unshare(spaces) != 0) return sandbox_failed(report, "unshare: %s", strerror(errno));
  if (uid != 0 && map_self(uid, gid, report)) return -1;
  return private_root_enter(plan, report);
}
