#include "timers.h"

void timers_prepare(timers *timers) {
  pthread_mutex_init(&timers->lock, NULL);
  timers->count = 0;
}

static void exchange(timer *a, timer *b) {
  timer kept = *a;
  *a = *b;
  *b = kept;
}

static void rise(timer *heap, uint32_t at) {
  while (at && heap[at].due < heap[(at - 1) / 2].due) {
    exchange(&heap[at], &heap[(at - 1) / 2]);
    at = (at - 1) / 2;
  }
}

static void sink(timer *heap, uint32_t count, uint32_t at) {
  for (;;) {
    uint32_t first = at, left = 2 * at + 1;
    for (uint32_t child = left; child < left + 2 && child < count; child++)
      if (heap[child].due < heap[first].due) first = child;
    if (first == at) return;
    exchange(&heap[at], &heap[first]);
    at = first;
  }
}

int timers_add(timers *timers, int64_t due, uint64_t token) {
  pthread_mutex_lock(&timers->lock);
  int result = TIMERS_FULL;
  if (timers->count < TIMERS_MAX) {
    timers->heap[timers->count] = (timer){.due = due, .token = token};
    rise(timers->heap, timers->count++);
    result = timers->heap[0].due == due ? TIMERS_FIRST : TIMERS_LATER;
  }
  pthread_mutex_unlock(&timers->lock);
  return result;
}

int64_t timers_next(timers *timers) {
  pthread_mutex_lock(&timers->lock);
  int64_t due = timers->count ? timers->heap[0].due : INT64_MAX;
  pthread_mutex_unlock(&timers->lock);
  return due;
}

int timers_take(timers *timers, int64_t now, uint64_t *token) {
  pthread_mutex_lock(&timers->lock);
  int is_due = timers->count && timers->heap[0].due <= now;
  if (is_due) {
    *token = timers->heap[0].token;
    timers->heap[0] = timers->heap[--timers->count];
    sink(timers->heap, timers->count, 0);
  }
  pthread_mutex_unlock(&timers->lock);
  return is_due;
}
