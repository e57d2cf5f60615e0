// About once a second, while work is queued, libdispatch opens /proc/<thread>/stat to see whether its workers are
// blocked, and ends the process if it cannot. In the sandbox there is no /proc. So the runner exports an `open` of its
// own, which the loader finds before the C library's, and which answers that one path:
//
// - with Landlock, from the descriptor of /proc/self/task opened before /proc went out of sight. Landlock allows to
//   read files below it and nothing beside;
// - without, that descriptor would lead to all of /proc by "..", so the answer is made up: every thread runs.

#include "dispatch_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/// A line of /proc/<thread>/stat as far as it is read: the third word is the state.
#define RUNNING "1 (w) R 0 0\n"

static int task_directory = -1;
static int in_sandbox = 0;

void dispatch_stat_prepare(int tasks) {
  task_directory = tasks;
  in_sandbox = 1;
}

/// The thread that such a path is about, 0 if it is another path.
static unsigned thread_of(const char *path) {
  unsigned thread = 0;
  int length = 0;
  return sscanf(path, "/proc/%9u/stat%n", &thread, &length) == 1 && length > 0 && !path[length] ? thread : 0;
}

/// A pipe that holds the made-up line: each reader has a beginning of its own.
static int made_up(void) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  ssize_t written = write(ends[1], RUNNING, strlen(RUNNING));
  close(ends[1]);
  if (written > 0) return ends[0];
  close(ends[0]);
  return -1;
}

static int open_stat(unsigned thread, int flags) {
  if (task_directory < 0) return made_up();
  char relative[32];
  snprintf(relative, sizeof relative, "%u/stat", thread);
  return openat(task_directory, relative, flags | O_CLOEXEC);
}

static int open_path(const char *path, int flags, mode_t mode) {
  unsigned thread = in_sandbox && !strncmp(path, "/proc/", 6) ? thread_of(path) : 0;
  return thread ? open_stat(thread, flags) : openat(AT_FDCWD, path, flags, mode);
}

#define MODE_OF(flags, mode)                                \
  mode_t mode = 0;                                          \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {                  \
    va_list arguments;                                      \
    va_start(arguments, flags);                             \
    mode = va_arg(arguments, mode_t);                       \
    va_end(arguments);                                      \
  }

int open(const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return open_path(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return open_path(path, flags, mode);
}
