// A plugin that is broken in one way, which a name that is defined for the compiler chooses.

#define HAS_CREATE
#define HAS_START
#include <promethean/plugin.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef WRONG_ABI
// Only the table lies: the note is read before anything is mapped.
#include <promethean/note.h>
PROMETHEAN_NOTE_FILE(MANIFEST)
#undef PROMETHEAN_ABI_MAJOR
#define PROMETHEAN_ABI_MAJOR 99
#include "../../Fixtures/plain_plugin.h"
#else
#ifdef WRONG_NOTE
#undef PROMETHEAN_ABI_MAJOR
#define PROMETHEAN_ABI_MAJOR 99
#endif
#include "fixture.h"
#endif

__attribute__((unused)) static void hang(void) {
  for (;;) sleep(1000);
}

#ifdef MISSING_SYMBOL
void nobody_has_this(void);
__attribute__((visibility("default"))) void (*wanted)(void) = nobody_has_this;
#endif

#if defined CRASH_IN_CONSTRUCTOR || defined HANG_IN_CONSTRUCTOR
__attribute__((constructor)) static void construct(void) {
#ifdef CRASH_IN_CONSTRUCTOR
  abort();
#endif
  hang();
}
#endif

static promethean_status create(const promethean_host *given, void **instance) {
  find_extensions(given);
#ifdef CRASH_IN_CREATE
  abort();
#elif defined HANG_IN_CREATE
  hang();
#elif defined FAIL_IN_CREATE
  host->error_set(host->context, text("no paper in tray 2"));
  return PROMETHEAN_FAILED;
#endif
  *instance = NULL;
  return PROMETHEAN_OK;
}

static promethean_status start(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
#ifdef CRASH_IN_START
  abort();
#elif defined HANG_IN_START
  hang();
#elif defined FREEZE_IN_START
  raise(SIGSTOP);
#elif defined NO_END_OF_START
  return PROMETHEAN_PENDING;
#endif
  return PROMETHEAN_OK;
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance, (void)delivery, (void)envelope;
#ifdef FREEZE_WHEN_ASKED
  raise(SIGSTOP);
#endif
  return PROMETHEAN_OK;
}
