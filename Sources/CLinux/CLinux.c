#include "CLinux.h"

/// Descriptors that one program can be given: more than any is.
#define SPAWN_MAX 16

/// What is open in the new program, and at which number.
static int arrange(posix_spawn_file_actions_t *actions, const int *copies, int count) {
  int code = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
  if (!code) code = posix_spawn_file_actions_adddup2(actions, copies[0], 1);
  for (int i = 0; i < count && !code; i++) code = posix_spawn_file_actions_adddup2(actions, copies[i], i + 2);
  if (!code) code = posix_spawn_file_actions_addclosefrom_np(actions, count + 2);
  return code;
}

static int defaults(posix_spawnattr_t *attributes) {
  sigset_t every, none;
  sigfillset(&every);
  sigemptyset(&none);
  int code = posix_spawnattr_setsigdefault(attributes, &every);
  if (!code) code = posix_spawnattr_setsigmask(attributes, &none);
  short flags = POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  return code ? code : posix_spawnattr_setflags(attributes, flags);
}

pid_t linux_spawn(const char *program, const char *const *environment, int output, const int *descriptors, int count) {
  int copies[SPAWN_MAX];
  int made = 0, code = count < SPAWN_MAX ? 0 : EINVAL;
  // First out of the way of the numbers that they are going to have, or one would close another.
  for (; made <= count && !code; made++) {
    copies[made] = fcntl(made == 0 ? output : descriptors[made - 1], F_DUPFD_CLOEXEC, SPAWN_MAX + 3);
    if (copies[made] < 0) {
      code = errno;
      break;
    }
  }
  pid_t pid = -1;
  if (!code) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    code = arrange(&actions, copies, made);
    if (!code) code = defaults(&attributes);
    const char *slash = strrchr(program, '/');
    char *arguments[] = {(char *)(slash ? slash + 1 : program), NULL};
    if (!code) code = posix_spawn(&pid, program, &actions, &attributes, arguments, (char *const *)environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  }
  while (made > 0) close(copies[--made]);
  errno = code;
  return code ? -1 : pid;
}

int linux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }
