// What the benchmark's plugins share: texts, time, and a number out of a JSON object.

#ifndef BENCH_PLUGIN_H
#define BENCH_PLUGIN_H

#include <promethean/note.h>
#include <promethean/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/// Frames of a stream that a sink takes before it tells their source, so that the source need not send more than the
/// sink can take.
#define FRAMES_PER_WORD 32

static inline promethean_bytes text(const char *string) {
  return (promethean_bytes){.data = (const uint8_t *)string, .size = strlen(string)};
}

static inline int is_text(promethean_bytes bytes, const char *string) {
  return bytes.size == strlen(string) && memcmp(bytes.data, string, bytes.size) == 0;
}

/// The clock that all processes of a machine share, in nanoseconds.
static inline int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// The number behind a quoted key of a flat JSON object; 0 if there is none.
static inline uint64_t json_number(promethean_bytes object, const char *quoted) {
  char copy[512];
  if (object.size >= sizeof copy) return 0;
  memcpy(copy, object.data, object.size);
  copy[object.size] = 0;
  const char *key = strstr(copy, quoted), *colon = key ? strchr(key, ':') : NULL;
  return colon ? strtoull(colon + 1, NULL, 10) : 0;
}

#endif
