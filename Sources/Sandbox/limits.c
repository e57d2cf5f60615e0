#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layers.h"

/// How much rather the kernel ends a plugin than the host when memory is short; the scale ends at 1000.
#define OOM_SCORE "500"
/// Bytes of memory that stay off the swap: a page or two of secrets.
#define LOCKED_MEMORY 65536
/// Signals that can be queued.
#define PENDING_SIGNALS 64
/// How long a plugin that computes runs on when another wakes, ns: the least that the kernel takes. By default it is
/// some milliseconds, which every message through a processor with a busy neighbour would wait for.
#define SLICE 100000

/// Sets a limit for good, or leaves a stricter one.
static int limit(sandbox_report *report, const char *name, int resource, uint64_t value) {
  struct rlimit old;
  if (getrlimit(resource, &old) != 0) return sandbox_failed(report, "getrlimit(%s): %s", name, strerror(errno));
  rlim_t least = value < old.rlim_max ? value : old.rlim_max;
  struct rlimit new = {.rlim_cur = least, .rlim_max = least};
  if (setrlimit(resource, &new) == 0) return 0;
  return sandbox_failed(report, "setrlimit(%s, %llu): %s", name, (unsigned long long)least, strerror(errno));
}

#define LIMIT(name, value) limit(report, #name, RLIMIT_##name, value)

/// The kernel's struct sched_attr, for which glibc has no name before 2.41.
typedef struct scheduling {
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime, deadline, period;
} scheduling;

/// Has the processor change hands often among plugins. A kernel before 6.12 does not know of it, and nothing is lost.
static void shorten_slice(void) {
  scheduling own = {.size = sizeof own};
  if (syscall(SYS_sched_getattr, 0, &own, sizeof own, 0) != 0) return;
  own.runtime = SLICE;
  syscall(SYS_sched_setattr, 0, &own, 0);
}

static int yield_to_host(int nice, sandbox_report *report) {
  shorten_slice();
  if (getpriority(PRIO_PROCESS, 0) < nice && setpriority(PRIO_PROCESS, 0, nice) != 0)
    return sandbox_failed(report, "setpriority(%d): %s", nice, strerror(errno));
  int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return sandbox_failed(report, "open /proc/self/oom_score_adj: %s", strerror(errno));
  ssize_t written = write(file, OOM_SCORE, strlen(OOM_SCORE));
  close(file);
  return written > 0 ? 0 : sandbox_failed(report, "write to oom_score_adj: %s", strerror(errno));
}

int limits_die_with_parent(sandbox_report *report) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0) return 0;
  return sandbox_failed(report, "prctl(PR_SET_PDEATHSIG): %s", strerror(errno));
}

/// Has a write that goes too far fail with EFBIG or EPIPE, instead of ending the process.
static int ignore_write_signals(sandbox_report *report) {
  if (signal(SIGXFSZ, SIG_IGN) != SIG_ERR && signal(SIGPIPE, SIG_IGN) != SIG_ERR) return 0;
  return sandbox_failed(report, "signal: %s", strerror(errno));
}

int limits_apply(const sandbox_plan *plan, sandbox_report *report) {
  if (ignore_write_signals(report)) return -1;
  if (limits_die_with_parent(report) || yield_to_host(plan->nice, report)) return -1;
  if (LIMIT(CORE, 0) || LIMIT(MSGQUEUE, 0) || LIMIT(RTPRIO, 0) || LIMIT(NICE, 0)) return -1;
  if (LIMIT(MEMLOCK, LOCKED_MEMORY) || LIMIT(SIGPENDING, PENDING_SIGNALS)) return -1;
  if (LIMIT(AS, plan->address_space) || LIMIT(DATA, plan->data) || LIMIT(FSIZE, plan->file_size)) return -1;
  return LIMIT(NOFILE, plan->descriptors);
}

int limits_threads(const sandbox_plan *plan, sandbox_report *report) {
  // Without a namespace or a user of its own, the count is of all that the host's user runs, and would starve the
  // plugin.
  int own_count = plan->namespaces || (geteuid() == 0 && plan->uid != 0);
  return own_count ? LIMIT(NPROC, plan->threads) : 0;
}
