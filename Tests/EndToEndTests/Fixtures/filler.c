// A plugin that fills the directory that it may write, DIRECTORY, as a request tells it to.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"

enum { piece = 1 << 20, files_max = 10000, depth = 100 };

static int files;

static const char *file(int number) {
  static char path[4096];
  snprintf(path, sizeof path, DIRECTORY "/%d", number);
  return path;
}

static int make(void) { return open(file(files++), O_CREAT | O_WRONLY | O_CLOEXEC, 0600); }

static promethean_status answer(uint64_t delivery, long bytes, int error) {
  char json[96];
  snprintf(json, sizeof json, "{\"bytes\":%ld,\"error\":%d}", bytes < 0 ? 0 : bytes, bytes < 0 ? error : 0);
  return respond(delivery, json);
}

/// Another file, of a mebibyte.
static promethean_status grow(uint64_t delivery, int is_hidden) {
  static char bytes[piece];
  int descriptor = make();
  long written = write(descriptor, bytes, sizeof bytes);
  int error = errno;
  // Deleted and open, it is there and cannot be seen.
  if (is_hidden) unlink(file(files - 1));
  else close(descriptor);
  return answer(delivery, written, error);
}

/// More of its last file.
static promethean_status lengthen(uint64_t delivery) {
  int descriptor = open(file(files - 1), O_WRONLY | O_APPEND | O_CLOEXEC);
  long written = write(descriptor, "more", 4);
  int error = errno;
  close(descriptor);
  return answer(delivery, written, error);
}

/// Room that is in no file's length.
static promethean_status reserve(uint64_t delivery) {
  long result = fallocate(make(), FALLOC_FL_KEEP_SIZE, 0, 64 * piece);
  return answer(delivery, result, errno);
}

static promethean_status litter(uint64_t delivery) {
  while (files < files_max) close(make());
  return answer(delivery, 0, 0);
}

static promethean_status empty(uint64_t delivery) {
  while (files > 0) unlink(file(--files));
  return answer(delivery, 0, 0);
}

static promethean_status deepen(uint64_t delivery) {
  static char path[4096] = DIRECTORY;
  for (int i = 0; i < depth; i++) mkdir(strcat(path, "/d"), 0700);
  return answer(delivery, 0, 0);
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance;
  promethean_bytes what = envelope->intent;
  if (is(what, "grow")) return grow(delivery, 0);
  if (is(what, "hide")) return grow(delivery, 1);
  if (is(what, "lengthen")) return lengthen(delivery);
  if (is(what, "reserve")) return reserve(delivery);
  if (is(what, "litter")) return litter(delivery);
  if (is(what, "empty")) return empty(delivery);
  if (is(what, "deepen")) return deepen(delivery);
  return respond(delivery, "{}");
}
