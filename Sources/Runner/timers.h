// The plugin's timers.

#ifndef TIMERS_H
#define TIMERS_H

#include <pthread.h>
#include <stdint.h>

/// Timers that one instance can have: one a delivery in flight and some more.
#define TIMERS_MAX 1024

typedef struct timer {
  /// In nanoseconds of the monotonic clock.
  int64_t due;
  uint64_t token;
} timer;

/// A heap: no timer is due before the first.
typedef struct timers {
  pthread_mutex_t lock;
  uint32_t count;
  timer heap[TIMERS_MAX];
} timers;

void timers_prepare(timers *timers);
/// There are too many timers already.
#define TIMERS_FULL 0
/// The timer was added, and another one comes first.
#define TIMERS_LATER 1
/// The timer was added, and is the first to come.
#define TIMERS_FIRST 2
/// Adds one. Returns TIMERS_… [any]
int timers_add(timers *timers, int64_t due, uint64_t token);
/// When the first is due; INT64_MAX: none is set. [any]
int64_t timers_next(timers *timers);
/// Takes one that is due at `now`. Returns whether there was one. [any]
int timers_take(timers *timers, int64_t now, uint64_t *token);

#endif
