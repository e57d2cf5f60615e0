// Which system calls a plugin can make, on x86-64. What is not named here fails with EPERM.
//
// The list is what Swift 6.3, Dispatch, Foundation and glibc were seen to use, less what they can do without.

#include "seccomp_rules.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define ALLOW(call) {SYS_##call, 0, SECCOMP_RET_ALLOW, {{0}}}
#define ANSWER(call, error) {SYS_##call, 0, SECCOMP_RET_ERRNO | (error), {{0}}}
#define KILL(call) {SYS_##call, 0, SECCOMP_RET_KILL_PROCESS, {{0}}}
#define ALLOW_IF(call, test) {SYS_##call, 1, SECCOMP_RET_ALLOW, {test}}
#define ALLOW_IF_BOTH(call, test, other) {SYS_##call, 2, SECCOMP_RET_ALLOW, {test, other}}

#define COUNT(...) (sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))
#define IS_ONE_OF(n, ...) {.argument = n, .mask = UINT32_MAX, .count = COUNT(__VA_ARGS__), .values = {__VA_ARGS__}}
#define HAS_BITS(n, bits, value) {.argument = n, .mask = (bits), .count = 1, .values = {value}}
#define IS_NULL(n) {.argument = n, .is_pointer = 1, .mask = UINT32_MAX, .count = 1, .values = {0}}

/// What pthread_create asks for; a process of its own has none of these.
#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)
#define NAMESPACES                                                                                                  \
  (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | (uint32_t)CLONE_NEWNET)

const seccomp_rule seccomp_rules[] = {
    // Waiting and waking: locks, Dispatch, the runner's own loop.
    ALLOW(futex), ALLOW(poll), ALLOW(ppoll), ALLOW(pselect6), ALLOW(epoll_create1), ALLOW(epoll_ctl), ALLOW(epoll_wait),
    ALLOW(epoll_pwait), ALLOW(epoll_pwait2), ALLOW(eventfd2), ALLOW(timerfd_create), ALLOW(timerfd_settime),
    ALLOW(timerfd_gettime), ALLOW(nanosleep), ALLOW(clock_nanosleep), ALLOW(sched_yield), ALLOW(restart_syscall),
    ALLOW(membarrier),
    // Descriptors that it has.
    ALLOW(read), ALLOW(write), ALLOW(readv), ALLOW(writev), ALLOW(pread64), ALLOW(pwrite64), ALLOW(lseek), ALLOW(fstat),
    ALLOW(close), ALLOW(dup), ALLOW(pipe2), ALLOW(recvfrom), ALLOW(recvmsg), ALLOW(shutdown), ALLOW(getsockopt),
    // To the peer of a connected socket and nobody else. sendmsg could pass descriptors to the host, so it is not here.
    ALLOW_IF(sendto, IS_NULL(4)),
    // The eventfds are shared with the host, which relies on their being nonblocking: F_SETFL can set that and not
    // clear it, and FIONBIO, whose argument cannot be seen from here, is out.
    ALLOW_IF(fcntl, IS_ONE_OF(1, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC)),
    ALLOW_IF_BOTH(fcntl, IS_ONE_OF(1, F_SETFL), HAS_BITS(2, O_NONBLOCK, O_NONBLOCK)),
    ALLOW_IF(ioctl, IS_ONE_OF(1, FIONREAD, TCGETS)),
    // Memory. Code comes from files only, and is never writable.
    ALLOW(brk), ALLOW(munmap), ALLOW(mremap), ALLOW(madvise),
    ALLOW_IF(mmap, HAS_BITS(2, PROT_EXEC, 0)),
    ALLOW_IF_BOTH(mmap, HAS_BITS(2, PROT_EXEC | PROT_WRITE, PROT_EXEC), HAS_BITS(3, MAP_ANONYMOUS, 0)),
    ANSWER(mmap, EACCES),
    ALLOW_IF(mprotect, HAS_BITS(2, PROT_EXEC, 0)),
    ANSWER(mprotect, EACCES),
    // Threads, and no processes. clone3 hides its flags in memory; glibc falls back to clone.
    ALLOW_IF(clone, HAS_BITS(0, THREAD | NAMESPACES, THREAD)),
    ANSWER(clone3, ENOSYS),
    ALLOW(exit), ALLOW(exit_group), ALLOW(set_robust_list), ALLOW(rseq), ALLOW(set_tid_address), ALLOW(gettid),
    ALLOW(sched_getaffinity), ALLOW(getcpu), ALLOW(getpriority),
    // Dispatch sets a priority per thread, and logs to syslog over a socket if it cannot: it is told that it could.
    ANSWER(setpriority, 0),
    ALLOW_IF(prctl, IS_ONE_OF(0, PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE)),
    // Signals, to itself.
    ALLOW(rt_sigaction), ALLOW(rt_sigprocmask), ALLOW(rt_sigreturn), ALLOW(rt_sigsuspend), ALLOW(sigaltstack),
    ALLOW_IF(tgkill, IS_ONE_OF(0, SECCOMP_OWN_PROCESS)),
    // What it may know.
    ALLOW(getpid), ALLOW(getppid), ALLOW(getuid), ALLOW(geteuid), ALLOW(getgid), ALLOW(getegid), ALLOW(getrandom),
    ALLOW(clock_gettime), ALLOW(clock_getres), ALLOW(gettimeofday), ALLOW(time), ALLOW(uname), ALLOW(sysinfo),
    ALLOW(getrusage),
    ALLOW(getrlimit),
    ALLOW_IF(prlimit64, IS_NULL(2)),
    // Files: dlopen needs them, and the private root and Landlock decide which there are.
    ALLOW(openat), ALLOW(open), ALLOW(newfstatat), ALLOW(stat), ALLOW(lstat), ALLOW(statx), ALLOW(readlink),
    ALLOW(readlinkat),
    ALLOW(access), ALLOW(faccessat), ALLOW(faccessat2), ALLOW(getdents64), ALLOW(getcwd), ALLOW(fadvise64),
    // No network; libraries that try expect this answer.
    ANSWER(socket, EACCES), ANSWER(socketpair, EACCES), ANSWER(connect, EACCES), ANSWER(bind, EACCES),
    // Nothing honest ends here: the host sees SIGSYS.
    KILL(ptrace), KILL(process_vm_readv), KILL(process_vm_writev), KILL(pidfd_open), KILL(pidfd_getfd), KILL(kcmp),
    KILL(open_by_handle_at), KILL(name_to_handle_at), KILL(bpf), KILL(perf_event_open), KILL(userfaultfd),
    KILL(io_uring_setup), KILL(io_uring_enter), KILL(io_uring_register), KILL(keyctl), KILL(add_key), KILL(request_key),
    KILL(execve), KILL(execveat), KILL(fork), KILL(vfork), KILL(mount), KILL(umount2), KILL(pivot_root), KILL(chroot),
    KILL(setns), KILL(unshare), KILL(kexec_load), KILL(init_module), KILL(finit_module), KILL(delete_module),
    KILL(reboot),
    KILL(swapon), KILL(iopl), KILL(ioperm), KILL(modify_ldt), KILL(personality), KILL(acct), KILL(quotactl),
    KILL(fanotify_init),
};
const unsigned seccomp_rule_count = sizeof seccomp_rules / sizeof *seccomp_rules;

const seccomp_rule seccomp_write_rules[] = {
    // What SQLite and others that keep files do in a directory. No modes, owners, times, attributes or links: Landlock
    // does not see those.
    ALLOW(mkdir), ALLOW(mkdirat), ALLOW(unlink), ALLOW(unlinkat), ALLOW(rmdir), ALLOW(rename), ALLOW(renameat),
    ALLOW(renameat2),
    ALLOW(ftruncate), ALLOW(fsync), ALLOW(fdatasync), ALLOW(fallocate), ALLOW(flock), ALLOW(umask),
    ALLOW_IF(fcntl, IS_ONE_OF(1, F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW)),
};
const unsigned seccomp_write_rule_count = sizeof seccomp_write_rules / sizeof *seccomp_write_rules;
