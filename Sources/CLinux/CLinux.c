#include "CLinux.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

/// Descriptors that one program can be given: more than any is.
#define SPAWN_MAX 16

void linux_wait_until(sem_t *semaphore, int64_t time) {
  struct timespec end = {.tv_sec = time / 1000000000, .tv_nsec = time % 1000000000};
  while (sem_clockwait(semaphore, CLOCK_MONOTONIC, &end) && errno == EINTR) continue;
}

/// What is open in the new program, and at which number.
static int arrange(posix_spawn_file_actions_t *actions, const int *copies, int count) {
  int code = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
  if (!code) code = posix_spawn_file_actions_adddup2(actions, copies[0], 1);
  for (int i = 0; i < count && !code; i++) code = posix_spawn_file_actions_adddup2(actions, copies[i], i + 2);
  if (!code) code = posix_spawn_file_actions_addclosefrom_np(actions, count + 2);
  return code;
}

int linux_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
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

int linux_is_open_for_writing(int descriptor) {
  // Whoever opens it for writing between the two calls has the kernel send a signal: one that is ignored by default.
  fcntl(descriptor, F_SETSIG, SIGURG);
  if (fcntl(descriptor, F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
  fcntl(descriptor, F_SETLEASE, F_UNLCK);
  return 0;
}

int linux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

// MARK: - Connections

static int take_address(const struct sockaddr *found, linux_address *into) {
  const void *bytes = NULL;
  into->length = 0;
  if (found->sa_family == AF_INET) {
    into->length = 4;
    bytes = &((const struct sockaddr_in *)(const void *)found)->sin_addr;
  } else if (found->sa_family == AF_INET6) {
    into->length = 16;
    bytes = &((const struct sockaddr_in6 *)(const void *)found)->sin6_addr;
  }
  if (bytes) memcpy(into->bytes, bytes, (size_t)into->length);
  return bytes != NULL;
}

int linux_resolve(const char *host, linux_address *into, int most) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found;
  int code = getaddrinfo(host, NULL, &hints, &found);
  if (code != 0) return code < 0 ? code : -code;
  int count = 0;
  for (struct addrinfo *each = found; each && count < most; each = each->ai_next)
    count += take_address(each->ai_addr, &into[count]);
  freeaddrinfo(found);
  return count;
}

static socklen_t socket_address(const linux_address *address, uint16_t port, struct sockaddr_storage *into) {
  memset(into, 0, sizeof *into);
  if (address->length == 4) {
    struct sockaddr_in *ipv4 = (struct sockaddr_in *)into;
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = htons(port);
    memcpy(&ipv4->sin_addr, address->bytes, 4);
    return sizeof *ipv4;
  }
  struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)into;
  ipv6->sin6_family = AF_INET6;
  ipv6->sin6_port = htons(port);
  memcpy(&ipv6->sin6_addr, address->bytes, 16);
  return sizeof *ipv6;
}

/// Waits until a connection is made or has failed. Returns 0 or an error number.
static int await_connection(int socket, int milliseconds) {
  struct pollfd wait = {.fd = socket, .events = POLLOUT};
  int ready;
  do ready = poll(&wait, 1, milliseconds);
  while (ready < 0 && errno == EINTR);
  if (ready <= 0) return ready == 0 ? ETIMEDOUT : errno;
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

int linux_connect(const linux_address *address, uint16_t port, int is_udp, int milliseconds) {
  struct sockaddr_storage to;
  socklen_t size = socket_address(address, port, &to);
  int type = (is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
  int made = socket(to.ss_family, type, 0);
  if (made < 0) return -1;
  int on = 1;
  // Whoever gets it can set no option: small writes go out at once, and a dead peer is noticed.
  if (!is_udp) {
    setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(made, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  }
  int error = connect(made, (struct sockaddr *)&to, size) == 0 ? 0 : errno;
  if (error == EINPROGRESS) error = await_connection(made, milliseconds);
  if (error == 0) return made;
  close(made);
  errno = error;
  return -1;
}

int linux_send_descriptor(int socket, const void *message, size_t size, int descriptor) {
  struct iovec part = {.iov_base = (void *)message, .iov_len = size};
  union {
    struct cmsghdr aligned;
    char bytes[CMSG_SPACE(sizeof(int))];
  } attachment = {0};
  struct msghdr whole = {
      .msg_iov = &part,
      .msg_iovlen = 1,
      .msg_control = &attachment,
      .msg_controllen = sizeof attachment,
  };
  struct cmsghdr *rights = CMSG_FIRSTHDR(&whole);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof descriptor);
  memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  ssize_t sent;
  do sent = sendmsg(socket, &whole, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? -1 : 0;
}

// MARK: - Memory for secrets

static void *map_secret(size_t size) {
  int memory = (int)syscall(SYS_memfd_secret, 0);
  if (memory < 0) return MAP_FAILED;
  void *pages = MAP_FAILED;
  if (ftruncate(memory, (off_t)size) == 0) pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  // By its descriptor somebody else could map them.
  close(memory);
  return pages;
}

static void *map_locked(size_t size) {
  void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return pages;
  if (mlock(pages, size) == 0 && madvise(pages, size, MADV_DONTDUMP) == 0) return pages;
  int why = errno;
  munmap(pages, size);
  errno = why;
  return MAP_FAILED;
}

void *linux_secret_pages(size_t size, int *is_secret) {
  void *pages = map_secret(size);
  *is_secret = pages != MAP_FAILED;
  if (!*is_secret) pages = map_locked(size);
  return pages == MAP_FAILED ? NULL : pages;
}

ssize_t linux_find(const void *bytes, size_t size, const void *wanted, size_t length) {
  const char *found = memmem(bytes, size, wanted, length);
  return found ? found - (const char *)bytes : -1;
}

/// Sets the soft limit, which the hard one bounds.
static int limit_files(pid_t pid, uint64_t bytes) {
  struct rlimit limit;
  if (prlimit(pid, RLIMIT_FSIZE, NULL, &limit) != 0) return -1;
  limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
  return prlimit(pid, RLIMIT_FSIZE, &limit, NULL);
}

int linux_limit_files(pid_t pid, uid_t user, uint64_t bytes) {
  if (limit_files(pid, bytes) == 0) return 0;
  if (errno != EPERM || user == 0) return -1;
  // Root without CAP_SYS_RESOURCE, as in most containers: the kernel then asks whether the caller's real user is the
  // process's. glibc would change every thread's; the system calls change this one's.
  uid_t own = getuid();
  gid_t group = getgid();
  if (syscall(SYS_setresgid, user, -1, -1) != 0) return -1;
  int result = syscall(SYS_setresuid, user, -1, -1) == 0 ? limit_files(pid, bytes) : -1;
  int error = errno;
  // Back to what it is by its effective user still, which cannot fail.
  if (syscall(SYS_setresuid, own, -1, -1) != 0 || syscall(SYS_setresgid, group, -1, -1) != 0) abort();
  errno = error;
  return result;
}
