// System calls of Linux that the Swift overlay of glibc does not carry.

#ifndef CLINUX_H
#define CLINUX_H

#include <errno.h>
#include <netdb.h>
#include <semaphore.h>
#include <stddef.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/// Waits on a descriptor of events; the token comes back with each. Returns 0, or -1 with errno.
static inline int linux_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data = {.u64 = token}};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

static inline int linux_epoll_modify(int epoll, int descriptor, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data = {.u64 = token}};
  return epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event);
}

static inline int linux_epoll_remove(int epoll, int descriptor) {
  return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, NULL);
}

/// One thing that epoll has to tell.
typedef struct linux_event {
  uint64_t token;
  uint32_t events;
} linux_event;

#define LINUX_EVENTS_MAX 64

/// Waits for at most `timeout` milliseconds (-1: for ever). Returns the number of events, 0 also when a signal came.
static inline int linux_epoll_wait(int epoll, linux_event *into, int timeout) {
  struct epoll_event events[LINUX_EVENTS_MAX];
  int count = epoll_wait(epoll, events, LINUX_EVENTS_MAX, timeout);
  if (count < 0) return errno == EINTR ? 0 : -1;
  for (int i = 0; i < count; i++) into[i] = (linux_event){.token = events[i].data.u64, .events = events[i].events};
  return count;
}

// Times go through C, as numbers: which module Swift takes a timespec to belong to depends on what was compiled before.

/// What a clock shows, in nanoseconds.
static inline int64_t linux_clock(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// When a file's content was last written, and when anything about it was, in nanoseconds since 1970.
static inline int64_t linux_modified(const struct stat *file) {
  return (int64_t)file->st_mtim.tv_sec * 1000000000 + file->st_mtim.tv_nsec;
}
static inline int64_t linux_changed(const struct stat *file) {
  return (int64_t)file->st_ctim.tv_sec * 1000000000 + file->st_ctim.tv_nsec;
}

/// Whether somebody has a file open for writing that is open for reading here: 1, or 0, also where the file system does
/// not say or the file is another user's.
int linux_is_open_for_writing(int descriptor);

/// Seconds of processor time that this process has used.
static inline double linux_processor_seconds(void) {
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/// Has a blocking send on a socket give up after some seconds. Returns 0, or -1 with errno.
static inline int linux_limit_send(int socket, int seconds) {
  struct timeval limit = {.tv_sec = seconds};
  return setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

/// Names the calling thread, for `top -H`; at most 15 bytes.
static inline void linux_thread_name(const char *name) { prctl(PR_SET_NAME, name); }

/// Waits for a semaphore until a time in nanoseconds of the monotonic clock at most.
void linux_wait_until(sem_t *semaphore, int64_t time);

/// Says whether others of the same user may read this process's memory, and whether it leaves core files.
static inline void linux_set_dumpable(int dumpable) { prctl(PR_SET_DUMPABLE, dumpable); }

static inline int linux_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

static inline int linux_pidfd_kill(int pidfd, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

/// Reaps the child behind a pidfd if it has ended. Returns 1 and fills `code` (exit status, or minus the signal), 0 if
/// it runs, or -1.
static inline int linux_pidfd_reap(int pidfd, int *code, struct rusage *usage) {
  siginfo_t info = {0};
  // P_PIDFD is 3; glibc's waitid has no rusage, the system call has.
  if (syscall(SYS_waitid, 3, pidfd, &info, WEXITED | WNOHANG, usage) != 0) return -1;
  if (info.si_pid == 0) return 0;
  *code = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
  return 1;
}

/// Starts a program in a session of its own, with signals as they are by default, no standard input, `output` as
/// standard output and error, and `descriptors` from 3 on; no other descriptor is open in it. `environment` ends with
/// NULL. The cost does not grow with this process. Returns the process, or -1 with errno.
pid_t linux_spawn(const char *program, const char *const *environment, int output, const int *descriptors, int count);

/// Has a program that is to be spawned find no descriptor open from this one on. Returns an errno, 0 if it worked.
int linux_spawn_close_from(posix_spawn_file_actions_t *actions, int first);

/// A pipe, close-on-exec: [0] to read from, [1] to write to. Returns 0, or -1 with errno.
int linux_pipe(int ends[2]);

/// Takes the next connection to a listening socket, nonblocking and close-on-exec. Returns its descriptor, or -1.
static inline int linux_accept(int listener) { return (int)syscall(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

/// Sets how long files may be that a process of a user's (who is also its group) writes: at most as it was allowed at
/// first. Returns 0, or -1 with errno.
int linux_limit_files(pid_t pid, uid_t user, uint64_t bytes);

/// Copies bytes of one file, from an offset that it moves, to the end of another. Returns how many, 0 at the end, or
/// -1.
static inline ssize_t linux_copy(int from, off_t *offset, int to, size_t count) { return sendfile(to, from, offset, count); }

/// The address of a Unix socket. Returns its length, or 0 if the path is too long for one.
static inline socklen_t linux_unix_address(const char *path, struct sockaddr_un *address) {
  if (strlen(path) >= sizeof address->sun_path) return 0;
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  strcpy(address->sun_path, path);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
}

/// Sends a datagram to a Unix socket without waiting: to a path, or to a name behind an @ that lies in no file system.
/// Returns 0, or -1 with errno.
static inline int linux_send_datagram(int socket, const char *to, const void *bytes, size_t size) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(to);
  if (length >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(address.sun_path, to, length);
  int is_abstract = to[0] == '@';
  if (is_abstract) address.sun_path[0] = 0;
  // A path ends with a NUL; of a name, a NUL would be a part.
  socklen_t end = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (is_abstract ? 0 : 1));
  ssize_t sent = sendto(socket, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&address, end);
  return sent == (ssize_t)size ? 0 : -1;
}

// MARK: - Connections

/// An IP address: 4 or 16 bytes in network order.
typedef struct linux_address {
  uint8_t bytes[16];
  int32_t length;
} linux_address;

/// Looks a name up, or reads an address; waits for as long as the resolver does. Returns how many addresses there are,
/// at most `most`, or a code for `gai_strerror`, which is negative.
int linux_resolve(const char *host, linux_address *into, int most);

/// Connects to an address, waiting for `milliseconds` at most. Returns a nonblocking, close-on-exec socket, or -1 with
/// errno.
int linux_connect(const linux_address *address, uint16_t port, int is_udp, int milliseconds);

/// Sends a message with a descriptor attached. Returns 0, or -1 with errno.
int linux_send_descriptor(int socket, const void *message, size_t size, int descriptor);

/// The version of Landlock's interface, or -1 if the kernel has none.
static inline int linux_landlock_version(void) {
  // landlock_create_ruleset with LANDLOCK_CREATE_RULESET_VERSION, for which glibc has no function.
  return (int)syscall(444, NULL, 0, 1);
}

// MARK: - Memory for secrets

/// Pages that only this process can read, not even root by /proc/<pid>/mem (memfd_secret); where the kernel has none,
/// pages that stay off the swap and out of core files, and `*is_secret` is 0. NULL with errno if neither is to be had.
void *linux_secret_pages(size_t size, int *is_secret);

/// Finds bytes among others. Returns their offset, or -1.
ssize_t linux_find(const void *bytes, size_t size, const void *wanted, size_t length);

#endif
