// Starts the runner as somebody else, with the descriptors that it was given: as the host of an ordinary user would.

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/// Debian's nobody.
#define SOMEBODY 65534

static void put(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, text, strlen(text)) < 0) perror(path);
  close(file);
}

int main(void) {
  if (setgroups(0, NULL) || setresgid(SOMEBODY, SOMEBODY, SOMEBODY) || setresuid(SOMEBODY, SOMEBODY, SOMEBODY)) return 9;
#ifdef NO_USER_NAMESPACES
  // In a user namespace of its own it may set how many more there can be: as on a machine where an administrator has.
  char map[64];
  snprintf(map, sizeof map, "%d %d 1", SOMEBODY, SOMEBODY);
  if (unshare(CLONE_NEWUSER) != 0) return 8;
  put("/proc/self/setgroups", "deny");
  put("/proc/self/uid_map", map);
  put("/proc/self/gid_map", map);
  put("/proc/sys/user/max_user_namespaces", "0");
#else
  (void)put;
#endif
  char *arguments[] = {"promethean-runner", NULL};
  execv(RUNNER, arguments);
  perror(RUNNER);
  return 7;
}
