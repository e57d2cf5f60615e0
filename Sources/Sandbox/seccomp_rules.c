// Which system calls a plugin can make, on x86-64. What is not named here fails with EPERM.
//
// The list is what Swift 6.3, Dispatch, Foundation and glibc were seen to use, less what they can do without. It is
// also written in docs/security-syscalls.md, and a test holds the two against the filter that is installed: no change
// here goes unseen.

#include "seccomp_rules.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define ALLOW(call) {SYS_##call, 0, SECCOMP_RET_ALLOW, {{0}}}
#define ANSWER(call, error) {SYS_##call, 0, SECCOMP_RET_ERRNO | (error), {{0}}}
#define KILL(call) {SYS_##call, 0, SECCOMP_RET_KILL_PROCESS, {{0}}}
#define ALLOW_IF(call, test) {SYS_##call, 1, SECCOMP_RET_ALLOW, {test}}
#define ALLOW_IF_BOTH(call, test, other) {SYS_##call, 2, SECCOMP_RET_ALLOW, {test, other}}

#define COUNT(...) (sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))
#define IS_ONE_OF(n, ...) {.argument = n, .mask = UINT32_MAX, .count = COUNT(__VA_ARGS__), .values = {__VA_ARGS__}}
/// One of the values, once the bits of `flags` are left out.
#define IS_ONE_OF_WITH(n, flags, ...) \
  {.argument = n, .mask = ~(uint32_t)(flags), .count = COUNT(__VA_ARGS__), .values = {__VA_ARGS__}}
/// No bits but these.
#define HAS_ONLY(n, bits) {.argument = n, .mask = ~(uint32_t)(bits), .count = 1, .values = {0}}
#define HAS_BITS(n, bits, value) {.argument = n, .mask = (bits), .count = 1, .values = {value}}
#define IS_NULL(n) {.argument = n, .is_pointer = 1, .mask = UINT32_MAX, .count = 1, .values = {0}}

#define GROUP(title, why, is_for_writing, ...)                                    \
  {                                                                              \
    .name = title, .reason = why, .writes = is_for_writing,                      \
    .count = sizeof((const seccomp_rule[]){__VA_ARGS__}) / sizeof(seccomp_rule), \
    .rules = (const seccomp_rule[]){__VA_ARGS__},                                \
  }

/// What pthread_create asks for, and what it may leave out; a process of its own has none of the first.
#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)
#define THREAD_EXTRAS (CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID)

/// Flags with which a file is made; the C library's second one is also that of opening a directory.
#define MAKES_FILE (O_CREAT | (__O_TMPFILE & ~O_DIRECTORY))
/// A file made with these runs as its owner, who is also the host's user if that is not root.
#define SET_ID (S_ISUID | S_ISGID)

const seccomp_group seccomp_groups[] = {
    GROUP("waiting", "Locks, Dispatch, timers and the runner's own loop wait and wake with these.", 0,
          ALLOW(poll), ALLOW(ppoll), ALLOW(pselect6), ALLOW(epoll_create1), ALLOW(epoll_ctl), ALLOW(epoll_wait),
          ALLOW(epoll_pwait), ALLOW(epoll_pwait2), ALLOW(eventfd2), ALLOW(timerfd_create), ALLOW(timerfd_settime),
          ALLOW(timerfd_gettime), ALLOW(nanosleep), ALLOW(clock_nanosleep), ALLOW(sched_yield), ALLOW(restart_syscall),
          // Swift's Mutex needs the kernel's locks with inheritance. What moves waiters between locks nobody uses, and
          // it has been the way into many a kernel.
          ALLOW_IF(futex, IS_ONE_OF_WITH(1, FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME, FUTEX_WAIT, FUTEX_WAKE,
                                         FUTEX_WAKE_OP, FUTEX_LOCK_PI, FUTEX_UNLOCK_PI, FUTEX_TRYLOCK_PI,
                                         FUTEX_WAIT_BITSET, FUTEX_WAKE_BITSET, FUTEX_LOCK_PI2)),
          // Among its own threads; the others interrupt every processor.
          ALLOW_IF(membarrier, IS_ONE_OF(0, MEMBARRIER_CMD_QUERY, MEMBARRIER_CMD_PRIVATE_EXPEDITED,
                                         MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED))),
    GROUP("descriptors", "What it has it may use, and what it has was given to it.", 0,
          ALLOW(read), ALLOW(write), ALLOW(readv), ALLOW(writev), ALLOW(pread64), ALLOW(pwrite64), ALLOW(lseek),
          ALLOW(fstat), ALLOW(close), ALLOW(dup), ALLOW(recvfrom), ALLOW(recvmsg), ALLOW(shutdown), ALLOW(getsockopt),
          // libcurl notes both ends of a connection; that it could not it would say in the place of a later error.
          ALLOW(getsockname), ALLOW(getpeername),
          // Not the kernel's queue of notices, which is a flag here.
          ALLOW_IF(pipe2, HAS_ONLY(1, O_CLOEXEC | O_NONBLOCK)),
          // To the peer of a connected socket and nobody else. sendmsg could pass descriptors to the host, so it is not
          // here.
          ALLOW_IF(sendto, IS_NULL(4)),
          // The eventfds are shared with the host, which relies on their being nonblocking: F_SETFL can set that and
          // not clear it, and FIONBIO, whose argument cannot be seen from here, is out. O_ASYNC would send signals.
          ALLOW_IF(fcntl, IS_ONE_OF(1, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC)),
          ALLOW_IF_BOTH(fcntl, IS_ONE_OF(1, F_SETFL),
                        HAS_BITS(2, O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME, O_NONBLOCK)),
          ALLOW_IF(ioctl, IS_ONE_OF(1, FIONREAD, TCGETS))),
    GROUP("memory", "The heap and libraries; what runs comes from files only, and is never writable.", 0,
          ALLOW(brk), ALLOW(munmap), ALLOW(mremap),
          // Hints about its own use of it, and none on pages that others share or that are to fail.
          ALLOW_IF(madvise, IS_ONE_OF(2, MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED,
                                      MADV_FREE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP,
                                      MADV_WIPEONFORK)),
          ALLOW_IF(mmap, HAS_BITS(2, PROT_EXEC, 0)),
          ALLOW_IF_BOTH(mmap, HAS_BITS(2, PROT_EXEC | PROT_WRITE, PROT_EXEC), HAS_BITS(3, MAP_ANONYMOUS, 0)),
          ANSWER(mmap, EACCES),
          ALLOW_IF(mprotect, HAS_BITS(2, PROT_EXEC, 0)),
          ANSWER(mprotect, EACCES)),
    GROUP("threads", "Threads, and no processes.", 0,
          ALLOW_IF(clone, IS_ONE_OF_WITH(0, THREAD_EXTRAS, THREAD)),
          // It hides its flags in memory; glibc falls back to clone.
          ANSWER(clone3, ENOSYS),
          ALLOW(exit), ALLOW(exit_group), ALLOW(set_robust_list), ALLOW(rseq), ALLOW(set_tid_address), ALLOW(gettid),
          ALLOW(sched_getaffinity), ALLOW(getcpu), ALLOW(getpriority),
          // Dispatch sets a priority per thread, and logs to syslog over a socket if it cannot: it is told that it
          // could.
          ANSWER(setpriority, 0),
          ALLOW_IF(prctl, IS_ONE_OF(0, PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE))),
    GROUP("signals", "Signals, to itself.", 0,
          ALLOW(rt_sigaction), ALLOW(rt_sigprocmask), ALLOW(rt_sigreturn), ALLOW(rt_sigsuspend), ALLOW(sigaltstack),
          ALLOW_IF(tgkill, IS_ONE_OF(0, SECCOMP_OWN_PROCESS))),
    GROUP("knowledge", "Who and where it is, what time it is, and what it has used.", 0,
          ALLOW(getpid), ALLOW(getppid), ALLOW(getuid), ALLOW(geteuid), ALLOW(getgid), ALLOW(getegid),
          ALLOW(getrandom), ALLOW(clock_gettime), ALLOW(clock_getres), ALLOW(gettimeofday), ALLOW(time), ALLOW(uname),
          ALLOW(sysinfo), ALLOW(getrusage), ALLOW(getrlimit),
          ALLOW_IF_BOTH(prlimit64, IS_ONE_OF(0, 0, SECCOMP_OWN_PROCESS), IS_NULL(2))),
    GROUP("files", "The loader needs them, and the private root and Landlock decide which files there are.", 0,
          ALLOW(newfstatat), ALLOW(stat), ALLOW(lstat), ALLOW(statx), ALLOW(readlink), ALLOW(readlinkat),
          ALLOW(access), ALLOW(faccessat), ALLOW(faccessat2), ALLOW(getdents64), ALLOW(getcwd), ALLOW(fadvise64),
          // If it makes no file, the mode is whatever lies in that register.
          ALLOW_IF(openat, HAS_BITS(2, MAKES_FILE, 0)), ALLOW_IF(openat, HAS_BITS(3, SET_ID, 0)),
          ALLOW_IF(open, HAS_BITS(1, MAKES_FILE, 0)), ALLOW_IF(open, HAS_BITS(2, SET_ID, 0))),
    GROUP("network", "None but connections that the host has made; libraries that try expect these answers.", 0,
          ANSWER(socket, EACCES), ANSWER(socketpair, EACCES), ANSWER(bind, EACCES),
          // libcurl connects what is connected, and goes on when told that this is under way. It is never let through:
          // with AF_UNSPEC it would dissolve the association, to dial elsewhere.
          ANSWER(connect, EINPROGRESS)),
    GROUP("fatal", "Nothing honest makes these: the process ends, and the host sees SIGSYS.", 0,
          KILL(ptrace), KILL(process_vm_readv), KILL(process_vm_writev), KILL(pidfd_open), KILL(pidfd_getfd),
          KILL(kcmp), KILL(open_by_handle_at), KILL(name_to_handle_at), KILL(bpf), KILL(perf_event_open),
          KILL(userfaultfd), KILL(io_uring_setup), KILL(io_uring_enter), KILL(io_uring_register), KILL(keyctl),
          KILL(add_key), KILL(request_key), KILL(execve), KILL(execveat), KILL(fork), KILL(vfork), KILL(mount),
          KILL(umount2), KILL(pivot_root), KILL(chroot), KILL(setns), KILL(unshare), KILL(kexec_load),
          KILL(init_module), KILL(finit_module), KILL(delete_module), KILL(reboot), KILL(swapon), KILL(iopl),
          KILL(ioperm), KILL(modify_ldt), KILL(personality), KILL(acct), KILL(quotactl), KILL(fanotify_init)),
    GROUP("writing", "What keeps files in a directory that was granted; no owners, times, attributes or links, which "
                     "Landlock does not see.", 1,
          ALLOW(unlink), ALLOW(unlinkat), ALLOW(rmdir), ALLOW(rename), ALLOW(renameat), ALLOW(ftruncate), ALLOW(fsync),
          ALLOW(fdatasync), ALLOW(flock), ALLOW(umask),
          // Room beyond a file's end is not in its length, which is what limits.file_size and limits.disk go by.
          ALLOW_IF(fallocate, IS_ONE_OF(1, 0, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)),
          ALLOW_IF(mkdir, HAS_BITS(1, SET_ID, 0)), ALLOW_IF(mkdirat, HAS_BITS(2, SET_ID, 0)),
          ALLOW_IF(renameat2, HAS_ONLY(4, RENAME_NOREPLACE | RENAME_EXCHANGE)),
          ALLOW_IF(fcntl, IS_ONE_OF(1, F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW))),
};
const unsigned seccomp_group_count = sizeof seccomp_groups / sizeof *seccomp_groups;
