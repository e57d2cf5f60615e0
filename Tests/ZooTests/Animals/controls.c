// What must go on working, however closed the sandbox is: each says "works" at its end.

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "zoo.h"

void read_granted(void) {
  char bytes[64] = "";
  int file = open(below("readable", "text"), O_RDONLY);
  if (file >= 0 && read(file, bytes, sizeof bytes - 1) > 0 && !strcmp(bytes, "to be read\n")) said("works");
  close(file);
}

void write_granted(void) {
  int file = open(below("writable", "new"), O_CREAT | O_EXCL | O_WRONLY, 0600);
  if (file < 0 || write(file, "written\n", 8) != 8 || fsync(file) != 0) return;
  close(file);
  if (rename(below("writable", "new"), below("writable", "renamed")) == 0) said("works");
}

static void *add(void *sum) {
  __atomic_add_fetch((int *)sum, 1, __ATOMIC_RELAXED);
  return NULL;
}

void use_threads(void) {
  enum { COUNT = 4 };
  pthread_t threads[COUNT];
  int sum = 0;
  for (int i = 0; i < COUNT; i++)
    if (pthread_create(&threads[i], NULL, add, &sum)) return;
  for (int i = 0; i < COUNT; i++) pthread_join(threads[i], NULL);
  if (sum == COUNT) said("works");
}

void use_timers(void) {
  struct itimerspec soon = {.it_value = {.tv_nsec = 1000000}};
  uint64_t expired = 0;
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  if (timer < 0 || timerfd_settime(timer, 0, &soon, NULL) != 0) return;
  if (read(timer, &expired, sizeof expired) == sizeof expired && nanosleep(&soon.it_value, NULL) == 0) said("works");
}

void load_system_library(void) {
  void *library = dlopen("libsqlite3.so.0", RTLD_NOW);
  const char *(*version)(void) = NULL;
  if (library) *(void **)&version = dlsym(library, "sqlite3_libversion");
  if (version && version()[0] == '3') said("works");
}
