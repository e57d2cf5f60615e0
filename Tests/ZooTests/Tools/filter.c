// Prints the filters that are installed in a process, as the kernel has them: one instruction a line, "--" after each
// filter. Only root may ask.

#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif

int main(int count, char **arguments) {
  pid_t process = count > 1 ? atoi(arguments[1]) : 0;
  if (ptrace(PTRACE_SEIZE, process, 0, 0) != 0 || ptrace(PTRACE_INTERRUPT, process, 0, 0) != 0) {
    perror("ptrace");
    return 1;
  }
  waitpid(process, NULL, __WALL);
  static struct sock_filter code[4096];
  long length;
  for (long filter = 0; (length = ptrace(PTRACE_SECCOMP_GET_FILTER, process, filter, code)) > 0; filter++) {
    for (long i = 0; i < length; i++) printf("%u %u %u %u\n", code[i].code, code[i].jt, code[i].jf, code[i].k);
    printf("--\n");
  }
  // It says so when there is no further one.
  if (errno == ENOENT) return 0;
  perror("PTRACE_SECCOMP_GET_FILTER");
  return 2;
}
