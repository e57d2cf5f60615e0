// Attempts on rights, and on parts of the kernel that no plugin needs: rows 60 to 73, 89 to 92, 98 to 102, and some
// beyond.

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <mqueue.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#include "zoo.h"

#define PAGE 4096

// MARK: - Rights

void become_root(void) {
  setuid(0), setreuid(0, 0), setresuid(0, 0, 0), setgid(0);
  if (geteuid() == 0) gain("root");
}

void take_capabilities(void) {
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct all[2];
  memset(all, 0xff, sizeof all);
  all[1].effective = all[1].permitted = all[1].inheritable = 0x1ff;
  syscall(SYS_capset, &head, all);
}

void make_user_namespace(void) {
  if (unshare(CLONE_NEWUSER) == 0) gain("a user namespace, with every right in it");
}

void mount_(void) {
  if (mount("zoo", fact("writable"), "tmpfs", 0, NULL) == 0) gain("a mount");
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && mount("zoo", fact("readable"), "tmpfs", 0, NULL) == 0)
    gain("a mount in a namespace");
}

void enter_namespace(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%s/ns/user", fact("host"));
  int space = open(path, O_RDONLY);
  if (setns(space, 0) == 0) gain("the host's namespace");
}

void change_root(void) {
  if (chroot(fact("readable")) == 0) gain("a root of its choice");
}

// MARK: - Parts of the kernel

void load_bpf(void) {
  union bpf_attr map = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
  if (syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map) >= 0) gain("a map for programs in the kernel");
}

void count_events(void) {
  struct perf_event_attr event = {
      .size = sizeof event, .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_TASK_CLOCK, .exclude_kernel = 1};
  if (syscall(SYS_perf_event_open, &event, 0, -1, -1, 0) >= 0) gain("a counter of events");
}

void handle_faults(void) {
  if (syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY) >= 0) gain("page faults at its command");
}

void make_ring(void) {
  struct io_uring_params parameters = {0};
  if (syscall(SYS_io_uring_setup, 4, &parameters) >= 0) gain("calls that no filter sees");
}

void add_key(void) {
  if (syscall(SYS_add_key, "user", "zoo", "x", 1, KEY_SPEC_PROCESS_KEYRING) >= 0) gain("a key in the kernel's hands");
}

void attach_segment(void) {
  char *memory = shmat((int)number("segment"), NULL, SHM_RDONLY);
  if (memory != (void *)-1) show_bytes(memory, 128);
}

void receive_queue(void) {
  char bytes[256];
  mqd_t queue = mq_open(fact("queue"), O_RDONLY | O_NONBLOCK);
  ssize_t size = queue < 0 ? -1 : mq_receive(queue, bytes, sizeof bytes, NULL);
  if (size > 0) show_bytes(bytes, (size_t)size);
}

/// By the gate of 32-bit programs, whose numbers are another architecture's: 5 is open.
void call_int80(void) {
  char *path = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  strcpy(path, fact("argument"));
  long file;
  __asm__ volatile("int $0x80"
                   : "=a"(file)
                   : "a"(5), "b"(path), "c"(O_RDONLY), "d"(0)
                   : "memory", "r8", "r9", "r10", "r11");
  show(file < 0 ? -1 : (int)file);
}

void call_x32(void) { show((int)syscall(0x40000000 + SYS_open, fact("argument"), O_RDONLY)); }

void change_personality(void) {
  if (personality(READ_IMPLIES_EXEC) != -1) gain("whatever can be read can be run");
}

void type_terminal(void) {
  int terminals[] = {0, 1, 2, open("/dev/tty", O_RDWR)};
  for (int i = 0; i < 4; i++)
    if (ioctl(terminals[i], TIOCSTI, "x") == 0) gain("keys typed for somebody else");
}

void set_clock(void) {
  struct timex change = {.modes = ADJ_MAXERROR, .maxerror = 1000000};
  if (adjtimex(&change) >= 0) gain("the machine's clock");
}

void name_machine(void) { sethostname("zoo", 3); }

void read_log(void) {
  char bytes[4096];
  if (klogctl(3, bytes, sizeof bytes) > 0) gain("the kernel's log");
}

void leave_cgroup(void) {
  static const char *const files[] = {"/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory/cgroup.procs",
                                      "/sys/fs/cgroup/pids/cgroup.procs"};
  for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
    int file = open(files[i], O_WRONLY);
    if (file >= 0 && write(file, "0", 1) > 0) gain("another group's limits");
  }
}

/// A filter of its own could lie to whatever runs after it.
void install_filter(void) {
  struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
  struct sock_fprog program = {1, &allow};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0) gain("a filter of its own");
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0) gain("a filter of its own, by prctl");
}

/// A pipe whose other end is the kernel's: O_EXCL means that to pipe2.
void watch_queue(void) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_EXCL) == 0) gain("a queue of the kernel's notices");
}

/// Any call, by number: says what came of it, if the process lives to tell.
void call(void) {
  long numbers[7] = {0};
  char text[256];
  snprintf(text, sizeof text, "%s", fact("argument"));
  char *next = text;
  for (int i = 0; i < 7 && *next; i++) numbers[i] = (long)strtoul(next, &next, 0);
  errno = 0;
  long result = syscall(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6]);
  said("call: %s", result == -1 ? strerrorname_np(errno) : "done");
}
