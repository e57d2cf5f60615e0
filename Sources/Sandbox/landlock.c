#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layers.h"

// The kernel's interface, written down here because the system's headers end at an older version of it.

#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH 1

#define WRITE_FILE (1ull << 1)
#define READ_FILE (1ull << 2)
#define READ_DIR (1ull << 3)
#define REMOVE_DIR (1ull << 4)
#define REMOVE_FILE (1ull << 5)
#define MAKE_DIR (1ull << 7)
#define MAKE_REG (1ull << 8)
#define REFER (1ull << 13)
#define TRUNCATE (1ull << 14)

/// All rights on files of an interface version, from 1 on: what is handled and not granted is denied.
static const uint64_t file_rights[] = {0, 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff};
/// Binding and connecting TCP sockets, since version 4.
#define NET_RIGHTS 3ull
/// Abstract Unix sockets and signals to those outside, since version 6.
#define SCOPES 3ull

/// The rights that a rule on something that is no directory may hold.
#define ON_FILES (WRITE_FILE | READ_FILE | TRUNCATE)

struct ruleset {
  uint64_t files;
  uint64_t net;
  uint64_t scopes;
};

struct path_rule {
  uint64_t rights;
  int32_t parent;
} __attribute__((packed));

#define TO_READ (READ_FILE | READ_DIR)
#define TO_WRITE (TO_READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE)

/// What every Swift program looks for, whatever was granted. Any of it may be absent.
static const struct {
  const char *path;
  uint64_t rights;
} always[] = {
    {"/dev/null", READ_FILE | WRITE_FILE}, {"/dev/urandom", READ_FILE},  {"/etc/ld.so.cache", READ_FILE},
    {"/usr/share/zoneinfo", TO_READ},      {"/etc/localtime", READ_FILE},
};

static int allow(sandbox_report *report, int ruleset, const char *name, int file, uint64_t rights) {
  struct stat found;
  if (fstat(file, &found) != 0) return sandbox_failed(report, "stat %s: %s", name, strerror(errno));
  struct path_rule rule = {.rights = S_ISDIR(found.st_mode) ? rights : rights & ON_FILES, .parent = file};
  if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0) return 0;
  return sandbox_failed(report, "landlock_add_rule %s: %s", name, strerror(errno));
}

static int allow_path(sandbox_report *report, int ruleset, const char *path, uint64_t rights, int optional) {
  int file = open(path, O_PATH | O_CLOEXEC);
  if (file < 0 && optional) return 0;
  if (file < 0) {
    // The path's fault, not the machine's.
    sandbox_failed(report, "open %s: %s", path, strerror(errno));
    report->stage = SANDBOX_STAGE_SETUP;
    return -1;
  }
  int result = allow(report, ruleset, path, file, rights);
  close(file);
  return result;
}

static int allow_all(const sandbox_plan *plan, sandbox_report *report, int ruleset, uint64_t handled) {
  for (unsigned i = 0; i < sizeof always / sizeof *always; i++)
    if (allow_path(report, ruleset, always[i].path, always[i].rights, 1)) return -1;
  for (uint32_t i = 0; i < plan->path_count; i++) {
    uint64_t rights = plan->paths[i].access == SANDBOX_WRITE ? TO_WRITE : TO_READ;
    if (allow_path(report, ruleset, plan->paths[i].path, rights & handled, 0)) return -1;
  }
  // libdispatch reads the state of its threads there (see the runner's dispatch_stat.c).
  if (allow(report, ruleset, "/proc/self/task", report->tasks, READ_FILE)) return -1;
  return allow(report, ruleset, plan->library_name, plan->library, READ_FILE);
}

int landlock_apply(const sandbox_plan *plan, sandbox_report *report) {
  long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
  if (version < 1) return sandbox_failed(report, "Landlock: %s", strerror(errno));
  unsigned known = sizeof file_rights / sizeof *file_rights - 1;
  struct ruleset rules = {
      .files = file_rights[(unsigned long)version < known ? (unsigned long)version : known],
      .net = version >= 4 ? NET_RIGHTS : 0,
      .scopes = version >= 6 ? SCOPES : 0,
  };
  // An older kernel accepts the longer struct as long as what it does not know is zero.
  int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
  if (ruleset < 0) return sandbox_failed(report, "landlock_create_ruleset: %s", strerror(errno));
  int result = allow_all(plan, report, ruleset, rules.files);
  if (result == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
    result = sandbox_failed(report, "landlock_restrict_self: %s", strerror(errno));
  close(ruleset);
  return result;
}
