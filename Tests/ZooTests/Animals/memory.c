// Attempts to run what it has written, and to take more than it was given: rows 74 to 88, 104, and some beyond.

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "zoo.h"

#define PAGE 4096
#define MIB (1ul << 20)
#define DESCRIPTORS 64

// MARK: - Code

/// mov eax, 42; ret
static const uint8_t code[] = {0xb8, 42, 0, 0, 0, 0xc3};

static void run(void *page) {
  int (*function)(void);
  memcpy(&function, &page, sizeof function);
  if (function() == 42) gain("code of its own has run");
}

static void *map(int prot, int flags, int file) {
  void *page = mmap(NULL, PAGE, prot, flags, file, 0);
  return page == MAP_FAILED ? NULL : page;
}

void run_written(void) {
  void *page = map(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  if (page) memcpy(page, code, sizeof code), run(page);
}

void run_protected(void) {
  void *page = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  memcpy(page, code, sizeof code);
  if (mprotect(page, PAGE, PROT_READ | PROT_EXEC) == 0) run(page);
}

void run_pkey(void) {
  void *page = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  memcpy(page, code, sizeof code);
  if (syscall(SYS_pkey_mprotect, page, PAGE, PROT_READ | PROT_EXEC, -1) == 0) run(page);
}

/// Written through one mapping, run through another.
void run_anonymous(void) {
  int file = memfd_create("code", 0);
  if (write(file, code, sizeof code) != sizeof code) return;
  void *page = map(PROT_READ | PROT_EXEC, MAP_SHARED, file);
  if (page) run(page);
}

/// What can be written and is a file: whatever descriptors there are.
void run_rings(void) {
  for (int file = 3; file < DESCRIPTORS; file++) {
    struct stat found;
    if (fstat(file, &found) != 0 || !S_ISREG(found.st_mode)) continue;
    void *page = map(PROT_READ | PROT_WRITE, MAP_SHARED, file);
    void *again = page ? map(PROT_READ | PROT_EXEC, MAP_SHARED, file) : NULL;
    if (again) memcpy(page, code, sizeof code), run(again);
  }
}

static void load(const char *path) {
  void *library = dlopen(path, RTLD_NOW);
  const char *(*payload)(void) = NULL;
  if (library) *(void **)&payload = dlsym(library, "payload");
  if (payload) said("saw: %s", payload());
}

void load_outside(void) { load(below("outside", "payload.so")); }

void load_dropped(void) {
  char bytes[65536];
  int from = open(below("readable", "payload.so"), O_RDONLY);
  int to = open(below("writable", "dropped.so"), O_CREAT | O_WRONLY, 0700);
  for (ssize_t size; (size = read(from, bytes, sizeof bytes)) > 0;)
    if (write(to, bytes, (size_t)size) != size) return;
  close(to);
  load(below("writable", "dropped.so"));
}

// MARK: - Bounds

void reserve(void) { mmap(NULL, 100ul << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0); }

/// Takes memory, piece by piece, until there is no more or there is enough.
static void take(int flags, size_t enough) {
  const size_t piece = 16 * MIB;
  for (size_t taken = 0; taken < enough; taken += piece) {
    char *memory = mmap(NULL, piece, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return;
    for (size_t at = 0; at < piece; at += PAGE) memory[at] = 1;
  }
}

void touch_private(void) { take(MAP_PRIVATE, 128 * MIB); }

void touch_shared(void) {
  mmap(NULL, 100ul << 30, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  take(MAP_SHARED, 320 * MIB);
}

void fill_memfd(void) {
  static char bytes[MIB];
  int file = memfd_create("filled", 0);
  if (file < 0) file = (int)syscall(SYS_memfd_secret, 0);
  long taken = 0;
  while (file >= 0 && taken < 64 && write(file, bytes, sizeof bytes) == sizeof bytes) taken++;
  if (taken) gain("%ld MiB that no limit counts", taken);
}

void fill_pipes(void) {
  static char bytes[65536];
  int ends[2];
  for (int i = 0; i < 1000 && pipe2(ends, O_NONBLOCK) == 0; i++)
    if (write(ends[1], bytes, sizeof bytes) < 0) return;
}

static void *stay(void *unused) {
  while (!unused) pause();
  return NULL;
}

void start_threads(void) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65536);
  pthread_t thread;
  for (int i = 0; i < 300 && pthread_create(&thread, &attributes, stay, NULL) == 0; i++) continue;
}

void open_descriptors(void) {
  for (int i = 0; i < 2000 && dup(0) >= 0; i++) continue;
}

void fill_disk(void) {
  static char bytes[MIB];
  int file = open(below("writable", "large"), O_CREAT | O_WRONLY, 0600);
  for (int i = 0; i < 8; i++)
    if (write(file, bytes, sizeof bytes) < 0) break;
  if (ftruncate(file, 64 * (off_t)MIB) != 0) said("it may not grow further");
}

// MARK: - Memory shared with the host

void shrink_rings(void) {
  for (int file = 3; file < DESCRIPTORS; file++) ftruncate(file, 0);
}

void grow_rings(void) {
  for (int file = 3; file < DESCRIPTORS; file++) ftruncate(file, 1 << 30);
}

void splice_memory(void) {
  int ends[2];
  char word[] = "word", back[5] = "";
  struct iovec piece = {word, sizeof word};
  if (pipe2(ends, O_NONBLOCK) != 0 || vmsplice(ends[1], &piece, 1, SPLICE_F_GIFT) < 0) return;
  if (read(ends[0], back, sizeof back) > 0 && !strcmp(back, word)) gain("its pages are the kernel's");
}
