#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layers.h"

/// Where the new root is put together: the one directory that exists everywhere, is never granted, and is not needed
/// any more.
#define BUILD_SITE "/proc"

#define SEALED (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID)
/// Read only, but its libraries can be mapped to run.
#define FOR_LIBRARIES (SEALED | MOUNT_ATTR_NODEV)
#define FOR_READING (SEALED | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
/// What a plugin writes it cannot run.
#define FOR_WRITING (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
#define FOR_DEVICES (SEALED | MOUNT_ATTR_NOEXEC)

/// What every Swift program looks for, whatever was granted.
static const struct {
  const char *path;
  uint64_t attributes;
  int optional;
} always[] = {
    {"/dev/null", FOR_DEVICES, 0},
    {"/dev/urandom", FOR_DEVICES, 0},
    {"/etc/ld.so.cache", FOR_READING, 1},
    {"/usr/share/zoneinfo", FOR_READING, 1},
};

/// Kept as the links they are: with a file in the place of /etc/localtime, ICU searches all of zoneinfo for its equal.
static const char *const links[] = {"/lib", "/lib64", "/etc/localtime"};

/// Makes the directories above a relative path.
static int make_parents(char *path) {
  for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    int made = mkdir(path, 0755);
    *slash = '/';
    if (made != 0 && errno != EEXIST) return -1;
  }
  return 0;
}

/// Makes something of the right kind to mount on.
static int make_target(char *path, int is_directory) {
  if (make_parents(path) != 0) return -1;
  if (is_directory) return mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : -1;
  int file = open(path, O_CREAT | O_RDONLY | O_CLOEXEC, 0444);
  return file < 0 ? -1 : close(file);
}

/// Mounts `source` at `target` of the new root. `expected`: the file it must be, or -1.
static int attach(sandbox_report *report, const char *source, const char *target, uint64_t attributes, int expected) {
  int tree = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  if (tree < 0) return sandbox_failed(report, "open_tree %s: %s", source, strerror(errno));
  struct stat found, wanted;
  struct mount_attr change = {.attr_set = attributes};
  char relative[PATH_MAX];
  snprintf(relative, sizeof relative, "%s", target + 1);
  int done = -1;
  if (fstat(tree, &found) != 0 || (expected >= 0 && fstat(expected, &wanted) != 0))
    sandbox_failed(report, "stat %s: %s", source, strerror(errno));
  else if (expected >= 0 && (found.st_dev != wanted.st_dev || found.st_ino != wanted.st_ino))
    sandbox_failed(report, "%s is not the library that was opened: it was replaced meanwhile", source);
  else if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &change, sizeof change) != 0)
    sandbox_failed(report, "mount_setattr %s: %s", source, strerror(errno));
  else if (make_target(relative, S_ISDIR(found.st_mode)) != 0)
    sandbox_failed(report, "a place for %s: %s", source, strerror(errno));
  else if (move_mount(tree, "", AT_FDCWD, relative, MOVE_MOUNT_F_EMPTY_PATH) != 0)
    sandbox_failed(report, "move_mount %s: %s", source, strerror(errno));
  else
    done = 0;
  close(tree);
  return done;
}

static int copy_link(sandbox_report *report, const char *path) {
  char content[PATH_MAX], relative[PATH_MAX];
  ssize_t length = readlink(path, content, sizeof content - 1);
  if (length < 0) return 0;
  content[length] = 0;
  snprintf(relative, sizeof relative, "%s", path + 1);
  if (make_parents(relative) == 0 && (symlink(content, relative) == 0 || errno == EEXIST)) return 0;
  return sandbox_failed(report, "symlink %s: %s", path, strerror(errno));
}

/// Says that a file is at fault and not the machine, which may well have namespaces.
static int blame_the_file(sandbox_report *report) {
  report->stage = SANDBOX_STAGE_SETUP;
  return -1;
}

static int attach_all(const sandbox_plan *plan, sandbox_report *report, const char *library) {
  for (uint32_t i = 0; i < plan->path_count; i++) {
    char grant = plan->paths[i].access;
    uint64_t attributes = FOR_READING;
    if (grant == SANDBOX_LIBRARIES) attributes = FOR_LIBRARIES;
    if (grant == SANDBOX_WRITE) attributes = FOR_WRITING;
    if (access(plan->paths[i].path, F_OK) != 0) {
      sandbox_failed(report, "%s: %s", plan->paths[i].path, strerror(errno));
      return blame_the_file(report);
    }
    if (attach(report, plan->paths[i].path, plan->paths[i].path, attributes, -1)) return -1;
  }
  for (unsigned i = 0; i < sizeof always / sizeof *always; i++) {
    if (always[i].optional && access(always[i].path, F_OK) != 0) continue;
    if (attach(report, always[i].path, always[i].path, always[i].attributes, -1)) return -1;
  }
  for (unsigned i = 0; i < sizeof links / sizeof *links; i++)
    if (copy_link(report, links[i])) return -1;
  snprintf(report->library, sizeof report->library, "/plugin/%s", plan->library_name);
  struct stat found, wanted;
  int is_there = stat(library, &found) == 0 && fstat(plan->library, &wanted) == 0;
  if (!is_there || found.st_dev != wanted.st_dev || found.st_ino != wanted.st_ino) {
    sandbox_failed(report, "%s is not the library that was opened: it was replaced meanwhile", library);
    return blame_the_file(report);
  }
  return attach(report, library, report->library, FOR_LIBRARIES, plan->library);
}

int private_root_enter(const sandbox_plan *plan, sandbox_report *report) {
  char link[64], library[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", plan->library);
  ssize_t length = readlink(link, library, sizeof library - 1);
  if (length < 0) return sandbox_failed(report, "readlink %s: %s", link, strerror(errno));
  library[length] = 0;

  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    return sandbox_failed(report, "mount / private: %s", strerror(errno));
  if (mount("promethean", BUILD_SITE, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=64k,mode=755") != 0)
    return sandbox_failed(report, "mount tmpfs: %s", strerror(errno));
  if (chdir(BUILD_SITE) != 0) return sandbox_failed(report, "chdir: %s", strerror(errno));
  if (attach_all(plan, report, library)) return -1;

  // The new root over the old one at the same place, then the old one away from under it.
  if (syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
    return sandbox_failed(report, "pivot_root: %s", strerror(errno));
  struct mount_attr sealed = {.attr_set = MOUNT_ATTR_RDONLY};
  if (mount_setattr(AT_FDCWD, "/", 0, &sealed, sizeof sealed) != 0)
    return sandbox_failed(report, "mount_setattr /: %s", strerror(errno));
  return 0;
}
