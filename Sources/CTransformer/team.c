#include "team.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

/// How often a thread looks before it gives its processor away: some 50 µs, more than lies between two steps of a run,
/// and less than being woken costs others.
#define LOOKS 2000

/// What helpers need of the stack is little; `pthread_attr_setstacksize` refuses less than 16 KiB.
#define STACK_BYTES (256 << 10)

typedef struct helper {
  transformer_team *team;
  size_t member;
  pthread_t thread;
} helper;

struct transformer_team {
  /// Runs between entering and leaving.
  _Atomic size_t runs;
  /// The number of the step in the upper half, and how many of its parts nobody has taken yet in the lower one: a part
  /// is taken by making it one less, which fails when another step has begun meanwhile. Numbers come again after 2^32
  /// steps, which is days later.
  _Atomic uint64_t open;
  /// What the step is. It stays while one of its parts is open, so whoever takes one after reading has read right.
  _Atomic(team_work *) work;
  _Atomic(void *) what;
  _Atomic size_t parts;
  /// Parts that are not done.
  _Atomic size_t undone;
  /// Helpers that sleep until there is a step, or the end.
  _Atomic size_t sleepers;
  _Atomic bool is_ending;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  size_t count;
  helper helpers[];
};

static void pause_briefly(void) { __builtin_ia32_pause(); }

/// Takes one part of the open step and does it; false if there is none.
static bool do_part(transformer_team *team, size_t member) {
  uint64_t open = atomic_load(&team->open);
  while ((uint32_t)open > 0) {
    team_work *work = atomic_load_explicit(&team->work, memory_order_relaxed);
    void *what = atomic_load_explicit(&team->what, memory_order_relaxed);
    size_t parts = atomic_load_explicit(&team->parts, memory_order_relaxed);
    if (!atomic_compare_exchange_weak(&team->open, &open, open - 1)) continue;
    work(what, parts - (uint32_t)open, member);
    atomic_fetch_sub_explicit(&team->undone, 1, memory_order_release);
    return true;
  }
  return false;
}

static bool has_news(transformer_team *team) {
  return (uint32_t)atomic_load(&team->open) > 0 || atomic_load(&team->is_ending);
}

static void *help(void *context) {
  const helper *own = context;
  transformer_team *team = own->team;
  while (!atomic_load(&team->is_ending)) {
    while (do_part(team, own->member)) {}
    for (int look = 0; look < LOOKS && !has_news(team); look++) pause_briefly();
    if (has_news(team)) continue;
    pthread_mutex_lock(&team->lock);
    // Whoever brings news looks for sleepers afterwards, so one of both sees the other.
    atomic_fetch_add(&team->sleepers, 1);
    while (!has_news(team)) pthread_cond_wait(&team->wake, &team->lock);
    atomic_fetch_sub(&team->sleepers, 1);
    pthread_mutex_unlock(&team->lock);
  }
  return NULL;
}

static void wake(transformer_team *team) {
  if (atomic_load(&team->sleepers) == 0) return;
  pthread_mutex_lock(&team->lock);
  pthread_cond_broadcast(&team->wake);
  pthread_mutex_unlock(&team->lock);
}

size_t team_threads(const transformer_team *team) { return team ? team->count + 1 : 1; }

void team_enter(transformer_team *team) {
  if (team) atomic_fetch_add(&team->runs, 1);
}

void team_leave(transformer_team *team) {
  if (team) atomic_fetch_sub(&team->runs, 1);
}

void team_do(transformer_team *team, size_t parts, team_work *work, void *what) {
  // Of runs at the same time none sees that it is the only one, until the others have left.
  if (!team || team->count == 0 || parts < 2 || atomic_load(&team->runs) != 1) {
    for (size_t part = 0; part < parts; part++) work(what, part, 0);
    return;
  }
  atomic_store_explicit(&team->work, work, memory_order_relaxed);
  atomic_store_explicit(&team->what, what, memory_order_relaxed);
  atomic_store_explicit(&team->parts, parts, memory_order_relaxed);
  atomic_store_explicit(&team->undone, parts, memory_order_relaxed);
  atomic_store(&team->open, ((atomic_load(&team->open) >> 32) + 1) << 32 | (uint32_t)parts);
  wake(team);
  while (do_part(team, 0)) {}
  // Where processors are few, a helper may have lost its own to others: it gets this one.
  for (int look = 0; atomic_load_explicit(&team->undone, memory_order_acquire) > 0; look++)
    if (look < LOOKS)
      pause_briefly();
    else
      sched_yield();
}

transformer_team *transformer_team_make(size_t threads) {
  size_t wanted = threads > 0 ? threads - 1 : 0;
  transformer_team *team = calloc(1, sizeof *team + wanted * sizeof *team->helpers);
  if (!team) return NULL;
  pthread_mutex_init(&team->lock, NULL);
  pthread_cond_init(&team->wake, NULL);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  // Signals are for others' threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (team->count < wanted) {
    helper *next = &team->helpers[team->count];
    *next = (helper){.team = team, .member = team->count + 1};
    if (pthread_create(&next->thread, &attributes, help, next) != 0) break;
    pthread_setname_np(next->thread, "transformer");
    team->count++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (team->count == wanted) return team;
  transformer_team_free(team);
  return NULL;
}

void transformer_team_free(transformer_team *team) {
  if (!team) return;
  atomic_store(&team->is_ending, true);
  wake(team);
  for (size_t index = 0; index < team->count; index++) pthread_join(team->helpers[index].thread, NULL);
  pthread_cond_destroy(&team->wake);
  pthread_mutex_destroy(&team->lock);
  free(team);
}
