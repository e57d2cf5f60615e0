// The animals at large, and their prey: a plain process of the plugin's user, told what to do over descriptor 3.
//
// It says "done" after each message; a line before that is a fact for others, or what an attempt has to say.

#include <fcntl.h>
#include <grp.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

#include "zoo.h"

#define CONTROL 3

void speak(const char *line) { dprintf(STDOUT_FILENO, "%s\n", line); }

static void fail(const char *what) {
  perror(what);
  _exit(9);
}

/// Leaves room to raise a limit, as an animal will try.
static void lower(int resource, rlim_t value) {
  struct rlimit limit;
  getrlimit(resource, &limit);
  if (limit.rlim_cur > value) limit.rlim_cur = value;
  setrlimit(resource, &limit);
}

/// As a runner would be before it closes its sandbox: of that user, and with a look at its own threads in its hands.
static void settle(uid_t user) {
  if (geteuid() == 0 && (setgroups(0, NULL) || setresgid(user, user, user) || setresuid(user, user, user)))
    fail("setresuid");
  // A change of user takes that away from a program that could be read.
  prctl(PR_SET_DUMPABLE, 1);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  lower(RLIMIT_NOFILE, 4096);
  lower(RLIMIT_CORE, 0);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

/// The prey holds the secret in every way that others could get at it, and keeps every signal it is sent.
static void be_prey(char *name, const char *secret) {
  static char held[256];
  snprintf(held, sizeof held, "held: %s", secret);
  // On the command line, in the place of the program's name, which is long enough.
  memcpy(name, secret, strnlen(secret, strlen(name)));
  sigset_t every;
  sigfillset(&every);
  sigprocmask(SIG_SETMASK, &every, NULL);
  int segment = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0666);
  char *memory = shmat(segment, NULL, 0);
  if (segment < 0 || memory == (void *)-1) fail("shmget");
  strcpy(memory, held);
  // Others can attach it as long as this process does.
  shmctl(segment, IPC_RMID, NULL);
  char queue[64];
  snprintf(queue, sizeof queue, "/promethean-zoo-%d", getpid());
  struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 256};
  mqd_t sending = mq_open(queue, O_CREAT | O_EXCL | O_RDWR, 0666, &attributes);
  if (sending < 0 || mq_send(sending, held, strlen(held), 0) != 0) fail("mq_open");
  int file = open(fact("secret"), O_RDONLY);
  if (file < 0) fail(fact("secret"));
  said("address=%lu", (unsigned long)held);
  said("descriptor=%d", file);
  said("segment=%d", segment);
  said("queue=%s", queue);
  said("done");
  char byte;
  while (recv(CONTROL, &byte, 1, 0) > 0) continue;
  mq_unlink(queue);
}

int main(int count, char **names) {
  (void)count;
  char message[8192];
  // The same number as in a runner that pins it, and the way out is the same.
  if (open("/proc/self/task", O_PATH) < 0) fail("/proc/self/task");
  int is_settled = 0;
  for (ssize_t size; (size = recv(CONTROL, message, sizeof message - 1, 0)) > 0;) {
    message[size] = 0;
    if (!is_settled) settle((uid_t)strtoul(message, NULL, 10));
    else if (!attempt(message)) return be_prey(names[0], fact("canary")), 0;
    is_settled = 1;
    said("done");
  }
  return 0;
}
