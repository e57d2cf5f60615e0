// What the benchmark's plugins share: time, and how they are made.

#ifndef BENCH_PLUGIN_H
#define BENCH_PLUGIN_H

#include "../../Tests/Fixtures/plain_plugin.h"

#include <time.h>

/// Frames of a stream that a sink takes before it tells their source, so that the source need not send more than the
/// sink can take.
#define FRAMES_PER_WORD 32

/// The clock that all processes of a machine share, in nanoseconds.
static inline int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// Makes an instance of some bytes, all zero.
static inline promethean_status make(const promethean_host *given, size_t size, void **instance) {
  find_extensions(given);
  if (!publishing || !subscribing) return PROMETHEAN_DENIED;
  *instance = calloc(1, size);
  return *instance ? PROMETHEAN_OK : PROMETHEAN_FAILED;
}

#endif
