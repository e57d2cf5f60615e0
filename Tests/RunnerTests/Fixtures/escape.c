// A plugin that tries to get out: in its constructor, before anything of the host's can be asked, what `deliver` reports later; and, one
// by one, what ends the process.

#include <promethean/plugin.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/// 0 if the call worked, else why not.
#define RESULT(call) ((call) >= 0 ? 0 : errno)

static int page(int prot, int flags) {
  void *memory = mmap(NULL, 4096, prot, flags, -1, 0);
  return memory == MAP_FAILED ? errno : 0;
}

static int make_executable(void) {
  void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return RESULT(mprotect(memory, 4096, PROT_READ | PROT_EXEC));
}

static int fork_(void) {
  pid_t child = fork();
  if (child == 0) _exit(0);
  if (child > 0) waitpid(child, NULL, 0);
  return RESULT(child);
}

static int open_in(const char *path) {
  char full[300];
  snprintf(full, sizeof full, "/proc/%d/%s", getppid(), path);
  return RESULT(open(full, O_RDONLY));
}

static int list(const char *path) {
  DIR *directory = opendir(path);
  return directory ? 0 : errno;
}

/// Whether any descriptor leads to another process's environment.
static int through_descriptors(void) {
  char path[64];
  snprintf(path, sizeof path, "../../%d/environ", getppid());
  for (int file = 0; file < 64; file++)
    if (openat(file, path, O_RDONLY) >= 0 || openat(file, "../../self/root/etc/passwd", O_RDONLY) >= 0) return 0;
  return EACCES;
}

static int send_to(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/notify"};
  return RESULT(sendto(3, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&address, sizeof address));
}

static int send_message(void) {
  struct iovec piece = {.iov_base = "x", .iov_len = 1};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
  return RESULT(sendmsg(3, &message, MSG_DONTWAIT));
}

static int connect_(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  return RESULT(connect(3, (struct sockaddr *)&address, sizeof address));
}

static int many_descriptors(void) {
  int count = 0;
  while (dup(0) >= 0 && count < 1000) count++;
  int code = count < 1000 ? errno : 0;
  for (int file = 10; file < 1100; file++) close(file);
  return code;
}

static void *sleep_(void *unused) {
  (void)unused;
  sleep(1);
  return NULL;
}

static int many_threads(void) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65536);
  for (int count = 0; count < 200; count++) {
    pthread_t thread;
    int code = pthread_create(&thread, &attributes, sleep_, NULL);
    if (code) return code;
    pthread_detach(thread);
  }
  return 0;
}

static int environment_is_clean(void) {
  int count = 0;
  for (char **entry = environ; *entry; entry++) count++;
  return count == 2 ? EPERM : 0;
}

static int signal_queued(void) {
  union sigval value = {0};
  return RESULT(sigqueue(getppid(), SIGCONT, value));
}

static int own_limit(void) {
  struct rlimit limit = {.rlim_cur = 4096, .rlim_max = 4096};
  return RESULT(setrlimit(RLIMIT_NOFILE, &limit));
}

static int host_limit(void) {
  struct rlimit limit = {.rlim_cur = 64, .rlim_max = 64};
  return RESULT(prlimit(getppid(), RLIMIT_NOFILE, &limit, NULL));
}

static int affinity(void) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(0, &cpus);
  return RESULT(sched_setaffinity(getppid(), sizeof cpus, &cpus));
}

static int fionbio(void) {
  int off = 0;
  return RESULT(ioctl(6, FIONBIO, &off));
}

static int filter(void) { return RESULT(syscall(SYS_seccomp, 1, 0, NULL)); }

#define ATTEMPTS                                                                                    \
  TRY("read a file of the host's", RESULT(open("/etc/passwd", O_RDONLY)))                           \
  TRY("see a file of the host's", RESULT(access("/etc/passwd", F_OK)))                              \
  TRY("list the root", list("/"))                                                                   \
  TRY("list processes", list("/proc"))                                                              \
  TRY("read the host's environment", open_in("environ"))                                            \
  TRY("read the host's memory", open_in("mem"))                                                     \
  TRY("read the host's descriptors", open_in("fd/0"))                                               \
  TRY("leave by a descriptor it has", through_descriptors())                                        \
  TRY("make a file", RESULT(open("/tmp/escaped", O_CREAT | O_WRONLY, 0600)))                        \
  TRY("make a file in memory", RESULT(memfd_create("escaped", 0)))                                  \
  TRY("make a directory", RESULT(mkdir("/tmp/escaped.d", 0700)))                                    \
  TRY("remove a file", RESULT(unlink("/etc/passwd")))                                               \
  TRY("change a mode", RESULT(chmod("/etc/passwd", 0666)))                                          \
  TRY("make a link", RESULT(symlink("/etc/passwd", "/tmp/escaped.l")))                              \
  TRY("use TCP", RESULT(socket(AF_INET, SOCK_STREAM, 0)))                                           \
  TRY("use UDP", RESULT(socket(AF_INET6, SOCK_DGRAM, 0)))                                           \
  TRY("use a Unix socket", RESULT(socket(AF_UNIX, SOCK_STREAM, 0)))                                 \
  TRY("use netlink", RESULT(socket(AF_NETLINK, SOCK_RAW, 0)))                                       \
  TRY("connect a socket it has", connect_())                                                        \
  TRY("send to an address", send_to())                                                              \
  TRY("send a message with control data", send_message())                                           \
  TRY("fork", fork_())                                                                              \
  TRY("clone into namespaces", RESULT(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)))     \
  TRY("clone by clone3", RESULT(syscall(SYS_clone3, NULL, 0)))                                      \
  TRY("signal the host", RESULT(kill(getppid(), 0)))                                                \
  TRY("signal everybody", RESULT(kill(-1, 0)))                                                      \
  TRY("signal a thread of the host's", RESULT(syscall(SYS_tgkill, getppid(), getppid(), 0)))        \
  TRY("queue the host a signal", signal_queued())                                                   \
  TRY("be sent signals by a descriptor", RESULT(fcntl(3, F_SETOWN, getppid())))                     \
  TRY("make an eventfd block", RESULT(fcntl(6, F_SETFL, 0)))                                        \
  TRY("make an eventfd block by ioctl", fionbio())                                                  \
  TRY("write to a terminal", RESULT(ioctl(0, TIOCSTI, "x")))                                        \
  TRY("write and run memory", page(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS)) \
  TRY("run anonymous memory", page(PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS))             \
  TRY("make memory executable", make_executable())                                                  \
  TRY("map more than its limit", RESULT((long)mmap(NULL, 100ul << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) \
  TRY("become root", RESULT(setuid(0)))                                                             \
  TRY("be dumpable", RESULT(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)))                                    \
  TRY("outlive the host", RESULT(prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)))                              \
  TRY("install a filter", filter())                                                                 \
  TRY("run the rings' memory", RESULT((long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, 4, 0)))  \
  TRY("find the host's environment in its own", environment_is_clean())                             \
  TRY("raise its limits", own_limit())                                                              \
  TRY("limit the host", host_limit())                                                               \
  TRY("pin the host to a processor", affinity())                                                    \
  TRY("make shared memory", RESULT(syscall(SYS_shmget, 1234, 4096, 01600)))                         \
  TRY("watch files", RESULT(syscall(SYS_inotify_init1, 0)))                                         \
  TRY("name the machine", RESULT(sethostname("mine", 4)))                                           \
  TRY("set the time", RESULT(syscall(SYS_clock_settime, 0, NULL)))                                  \
  TRY("use a scheduler of its choice", RESULT(syscall(SYS_sched_setscheduler, 0, 1, NULL)))         \
  TRY("load a library of the host's", dlopen("/tmp/libescaped.so", RTLD_NOW) ? 0 : EACCES)          \
  TRY("open a thousand descriptors", many_descriptors())                                            \
  TRY("start two hundred threads", many_threads())

static struct {
  const char *name;
  int code;
} results[80];
static int count;

__attribute__((constructor)) static void attempt(void) {
#define TRY(NAME, CALL) errno = 0, results[count].name = NAME, results[count++].code = (CALL);
  ATTEMPTS
#undef TRY
}

/// By the legacy gate, whose numbers are another architecture's.
static void int80(void) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
}

static void fatal(const char *name) {
  static const struct {
    const char *name;
    long call;
  } calls[] = {
      {"ptrace", SYS_ptrace}, {"process_vm_readv", SYS_process_vm_readv}, {"pidfd_open", SYS_pidfd_open},
      {"pidfd_getfd", SYS_pidfd_getfd}, {"bpf", SYS_bpf}, {"perf_event_open", SYS_perf_event_open},
      {"userfaultfd", SYS_userfaultfd}, {"io_uring_setup", SYS_io_uring_setup}, {"keyctl", SYS_keyctl},
      {"execve", SYS_execve}, {"execveat", SYS_execveat}, {"fork", SYS_fork}, {"vfork", SYS_vfork}, {"mount", SYS_mount},
      {"pivot_root", SYS_pivot_root}, {"chroot", SYS_chroot}, {"setns", SYS_setns}, {"unshare", SYS_unshare},
      {"open_by_handle_at", SYS_open_by_handle_at}, {"personality", SYS_personality}, {"iopl", SYS_iopl},
      {"x32", 0x40000000 + SYS_getpid},
  };
  if (!strcmp(name, "int80")) int80();
  for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++)
    if (!strcmp(name, calls[i].name)) syscall(calls[i].call, 0, 0, 0, 0, 0, 0);
}

static const promethean_host *host;
static const promethean_log_v1 *log_;

static promethean_bytes text(const char *string) {
  return (promethean_bytes){.data = (const uint8_t *)string, .size = strlen(string)};
}

static promethean_status create(const promethean_host *given, void **instance) {
  *instance = NULL;
  host = given;
  log_ = host->extension(host->context, text(PROMETHEAN_LOG_V1));
  return PROMETHEAN_OK;
}

static promethean_status start(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
  return PROMETHEAN_OK;
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance, (void)delivery;
  char line[200];
  snprintf(line, sizeof line, "%.*s", (int)envelope->payload.size, envelope->payload.data);
  if (line[0]) {
    fatal(line);
    return PROMETHEAN_OK;
  }
  for (int i = 0; i < count; i++) {
    snprintf(line, sizeof line, "%s: %s", results[i].name, results[i].code ? strerrorname_np(results[i].code) : "worked");
    log_->write(host->context, PROMETHEAN_LOG_INFO, text(line), text(""));
  }
  return PROMETHEAN_OK;
}

static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result) {
  (void)instance, (void)token, (void)status, (void)message, (void)result;
}

static void poll_(void *instance) { (void)instance; }
static promethean_status stop(void *instance, uint64_t operation) { return start(instance, operation); }
static void destroy(void *instance) { (void)instance; }

const promethean_plugin *promethean_plugin_entry_v1(void) {
  static const promethean_plugin table = {
      .struct_size = sizeof table,
      .abi_major = PROMETHEAN_ABI_MAJOR,
      .abi_minor = PROMETHEAN_ABI_MINOR,
      .id = {(const uint8_t *)"fixture", 7},
      .create = create,
      .start = start,
      .deliver = deliver,
      .completed = completed,
      .poll = poll_,
      .stop = stop,
      .destroy = destroy,
  };
  return &table;
}
