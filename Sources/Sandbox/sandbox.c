#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "layers.h"

int sandbox_failed(sandbox_report *report, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(report->text, sizeof report->text, format, arguments);
  va_end(arguments);
  return -1;
}

/// The stage that follows, if those before it went well.
static int begin(sandbox_report *report, int stage) {
  report->stage = stage;
  return 0;
}

/// What was granted must be there. Told apart from what the machine cannot do, which the host may put up with.
static int check_paths(const sandbox_plan *plan, sandbox_report *report) {
  for (uint32_t i = 0; i < plan->path_count; i++) {
    int file = open(plan->paths[i].path, O_PATH | O_CLOEXEC);
    if (file < 0) return sandbox_failed(report, "%s, which was granted: %s", plan->paths[i].path, strerror(errno));
    close(file);
  }
  return 0;
}

static int pin_tasks(sandbox_report *report) {
  report->tasks = open("/proc/self/task", O_PATH | O_DIRECTORY | O_CLOEXEC);
  return report->tasks < 0 ? sandbox_failed(report, "open /proc/self/task: %s", strerror(errno)) : 0;
}

/// A working directory is a way to files that no path is needed for.
static int leave_directory(sandbox_report *report) {
  return chdir("/") == 0 ? 0 : sandbox_failed(report, "chdir /: %s", strerror(errno));
}

static int forbid_new_privileges(sandbox_report *report) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) return 0;
  return sandbox_failed(report, "prctl(PR_SET_NO_NEW_PRIVS): %s", strerror(errno));
}

static void report_level(const sandbox_plan *plan, sandbox_report *report) {
  int with_landlock = plan->namespaces ? SANDBOX_LEVEL_FULL : SANDBOX_LEVEL_LANDLOCK;
  report->level = plan->landlock ? with_landlock : SANDBOX_LEVEL_NONE;
  const char *missing = "";
  if (!plan->landlock && !plan->namespaces)
    missing = "no Landlock and no namespaces: files are open to it as to its user";
  else if (!plan->landlock)
    missing = "no Landlock: only the private root hides files";
  else if (!plan->namespaces)
    missing = "no namespaces: it can see that files exist, and how large they are";
  snprintf(report->text, sizeof report->text, "%s", missing);
}

int sandbox_close(const sandbox_plan *plan, sandbox_report *report) {
  *report = (sandbox_report){.tasks = -1};
  // The order is the recipe's: what hides /proc after what needs it, what gives capabilities up after what needs them.
  int failed = begin(report, SANDBOX_STAGE_SETUP) || check_paths(plan, report);
  failed = failed || begin(report, SANDBOX_STAGE_LIMITS) || limits_apply(plan, report);
  failed = failed || begin(report, SANDBOX_STAGE_LANDLOCK) || (plan->landlock && pin_tasks(report));
  failed = failed || begin(report, SANDBOX_STAGE_NAMESPACES) || (plan->namespaces && namespaces_apply(plan, report));
  failed = failed || leave_directory(report);
  failed = failed || begin(report, SANDBOX_STAGE_LIMITS) || limits_threads(plan, report);
  failed = failed || begin(report, SANDBOX_STAGE_IDENTITY) || identity_change(plan, report);
  failed = failed || limits_die_with_parent(report) || forbid_new_privileges(report);
  failed = failed || begin(report, SANDBOX_STAGE_LANDLOCK) || (plan->landlock && landlock_apply(plan, report));
  failed = failed || begin(report, SANDBOX_STAGE_IDENTITY) || identity_disarm(report);
  failed = failed || begin(report, SANDBOX_STAGE_SECCOMP) || seccomp_apply(plan, report);
  failed = failed || begin(report, SANDBOX_STAGE_SELF_TEST) || self_test_run(plan, report);
  if (failed) return -1;
  if (!plan->namespaces) snprintf(report->library, sizeof report->library, "/proc/self/fd/%d", plan->library);
  report_level(plan, report);
  return 0;
}
