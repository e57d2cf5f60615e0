// Attempts on processes, its own and the host's: rows 44 to 59, 94, 95, 97, 101, 103, and some beyond.
//
// The host is played by a process of the same user that keeps every signal it gets.

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "zoo.h"

#define BOMB 64

static pid_t host(void) { return (pid_t)number("host"); }

void exec_shell(void) {
  execl("/bin/sh", "sh", "-c", "echo out > \"$0\"", below("outside", "witness"), NULL);
  execl("/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "ld", NULL);
}

void exec_memory(void) {
  static const char script[] = "#!/bin/sh\necho out > \"$1\"\n";
  int file = memfd_create("script", 0);
  if (file < 0 || write(file, script, sizeof script - 1) < 0) said("no memory file");
  char *arguments[] = {"script", (char *)below("outside", "witness"), NULL}, *environment[] = {NULL};
  syscall(SYS_execveat, file, "", arguments, environment, AT_EMPTY_PATH);
}

/// Has a child stay for the test to see.
static void stay(long child) {
  while (child == 0) pause();
}

void fork_once(void) { stay(fork()); }

void clone_raw(void) {
  stay(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  stay(syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0));
  // The fifth word is the signal that its end sends.
  uint64_t arguments[8] = {[4] = SIGCHLD};
  stay(syscall(SYS_clone3, arguments, sizeof arguments));
  stay(syscall(SYS_fork));
}

void fork_bomb(void) {
  for (int i = 0; i < BOMB; i++) stay(fork());
}

void trace_host(void) {
  if (ptrace(PTRACE_SEIZE, host(), 0, 0) != 0 || ptrace(PTRACE_INTERRUPT, host(), 0, 0) != 0) return;
  waitpid(host(), NULL, __WALL);
  long words[16];
  for (int i = 0; i < 16; i++) words[i] = ptrace(PTRACE_PEEKDATA, host(), number("address") + 8 * i, 0);
  show_bytes(words, sizeof words);
}

void read_host(void) {
  char bytes[128];
  struct iovec into = {bytes, sizeof bytes}, from = {(void *)number("address"), sizeof bytes};
  ssize_t size = process_vm_readv(host(), &into, 1, &from, 1, 0);
  if (size > 0) show_bytes(bytes, (size_t)size);
}

void take_file(void) {
  int process = (int)syscall(SYS_pidfd_open, host(), 0);
  int file = (int)syscall(SYS_pidfd_getfd, process, (int)number("descriptor"), 0);
  if (file >= 0) lseek(file, 0, SEEK_SET);
  show(file);
}

void kill_host(void) { kill(host(), SIGTERM); }
void kill_thread(void) { syscall(SYS_tgkill, host(), host(), SIGTERM), syscall(SYS_tkill, host(), SIGTERM); }

void queue_signal(void) {
  union sigval value = {0};
  sigqueue(host(), SIGUSR1, value);
}

/// Has the kernel send a signal to the host when a pipe can be read.
static void signal_by_pipe(int flags) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  fcntl(ends[0], F_SETOWN, host());
  fcntl(ends[0], F_SETFL, flags);
  if (write(ends[1], "x", 1) < 0) said("the pipe is closed");
}

void own_signals(void) { signal_by_pipe(O_ASYNC); }
void own_signals_nonblocking(void) {
  signal_by_pipe(O_ASYNC | O_NONBLOCK);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK) != 0) return;
  if (fcntl(ends[0], F_GETFL) & O_ASYNC) gain("a descriptor that sends signals");
}

void signal_by_pidfd(void) {
  int process = (int)syscall(SYS_pidfd_open, host(), 0);
  syscall(SYS_pidfd_send_signal, process, SIGTERM, NULL, 0);
}

/// One that means nothing to anybody who did not ask for it.
void signal_everybody(void) { kill(-1, SIGWINCH); }

void renice_host(void) { setpriority(PRIO_PROCESS, (id_t)host(), 19); }

void pin_host(void) {
  cpu_set_t cpus;
  sched_getaffinity(host(), sizeof cpus, &cpus);
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &cpus)) continue;
    CPU_CLR(cpu, &cpus);
    break;
  }
  sched_setaffinity(host(), sizeof cpus, &cpus);
}

void limit_host(void) {
  struct rlimit limit = {.rlim_cur = 8, .rlim_max = 8};
  prlimit(host(), RLIMIT_NOFILE, &limit, NULL);
}

static void raise_soft(int resource) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0) return;
  if (limit.rlim_max == 0) limit.rlim_max = RLIM_INFINITY;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(resource, &limit);
}

void raise_limit(void) {
  struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) raise_soft(RLIMIT_NOFILE);
}

void raise_core(void) { raise_soft(RLIMIT_CORE); }

void be_dumpable(void) {
  prctl(PR_SET_DUMPABLE, 0);
  if (prctl(PR_SET_DUMPABLE, 1) == 0) gain("its memory is open to others");
}

void outlive_host(void) {
  if (prctl(PR_SET_PDEATHSIG, 0) == 0) gain("it does not end with its host");
}

void spare_oneself(void) {
  static const char *const scores[] = {"-1000", "999"};
  for (unsigned i = 0; i < 2; i++) {
    int file = open("/proc/self/oom_score_adj", O_WRONLY);
    if (file >= 0 && write(file, scores[i], strlen(scores[i])) > 0) return;
  }
}

void be_realtime(void) {
  struct sched_param first = {.sched_priority = 1}, none = {0};
  if (sched_setscheduler(0, SCHED_FIFO, &first) != 0) sched_setscheduler(0, SCHED_BATCH, &none);
}

void schedule_host(void) {
  // Size and policy, then what is left as it is: this C library has no such struct.
  uint32_t attributes[12] = {sizeof attributes, SCHED_IDLE};
  syscall(SYS_sched_setattr, host(), attributes, 0);
}
