#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "layers.h"

// A layer that reported success may still be absent: an outer filter can answer for the kernel. Only the attempt tells.

static int opens(const char *path, int flags) {
  int file = open(path, flags | O_CLOEXEC);
  if (file < 0) return 0;
  close(file);
  return 1;
}

/// Without any grant above it: the root itself is never granted.
static int files_open(const sandbox_plan *plan) {
  if (plan->landlock && opens("/", O_RDONLY | O_DIRECTORY)) return 1;
  return plan->namespaces && access("/proc/self", F_OK) == 0;
}

static int sockets_open(void) {
  int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return 0;
  close(socket_);
  return 1;
}

static int processes_fork(void) {
  pid_t child = fork();
  if (child == 0) _exit(0);
  return child > 0;
}

static int code_is_writable(void) {
  void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 0;
  munmap(page, 4096);
  return 1;
}

int self_test_run(const sandbox_plan *plan, sandbox_report *report) {
  const char *hole = NULL;
  if (files_open(plan)) hole = "files can be opened";
  else if (sockets_open()) hole = "sockets can be made";
  else if (processes_fork()) hole = "processes can be forked";
  else if (kill(getppid(), 0) == 0) hole = "the host can be signalled";
  else if (code_is_writable()) hole = "memory can be written and run";
  else if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0) hole = "memory can be opened to others";
  return hole ? sandbox_failed(report, "the sandbox does not hold: %s", hole) : 0;
}
