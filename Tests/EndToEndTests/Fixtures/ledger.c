// A worker that adds up the numbered events that it takes, and hands the sum over to the next generation.
//
// VERSION is said in its report. FAULT is what is wrong with it, one of the numbers below.

// What is wrong with it as it is built, and not with what it does, is said by NO_ENTRY, WRONG_ABI, WRONG_NOTE or
// MISSING_SYMBOL.

#define HAS_EXTENSIONS
#define HAS_CREATE
#define HAS_START
#include <signal.h>
#include <unistd.h>

#ifdef NO_ENTRY
#define promethean_plugin_entry_v1 nobody_asks_for_this
#endif
#ifdef WRONG_ABI
// Only the table lies: the note is read before anything is mapped.
#include <promethean/note.h>
PROMETHEAN_NOTE_FILE(MANIFEST)
#undef PROMETHEAN_ABI_MAJOR
#define PROMETHEAN_ABI_MAJOR 99
#include "../../Fixtures/plain_plugin.h"
#else
#ifdef WRONG_NOTE
#include <promethean/plugin.h>
#undef PROMETHEAN_ABI_MAJOR
#define PROMETHEAN_ABI_MAJOR 99
#endif
#include "fixture.h"
#endif

#ifdef MISSING_SYMBOL
void nobody_has_this(void);
__attribute__((visibility("default"))) void (*wanted)(void) = nobody_has_this;
#endif

#ifndef VERSION
#define VERSION 1
#endif
#ifndef STATE
#define STATE 1
#endif

enum fault {
  NONE,
  CRASH_IN_CONSTRUCTOR,
  HANG_IN_CONSTRUCTOR,
  FAIL_IN_CREATE,
  CRASH_IN_CREATE,
  HANG_IN_CREATE,
  FAIL_IN_TAKE,
  CRASH_IN_TAKE,
  HANG_IN_TAKE,
  FAIL_IN_START,
  CRASH_IN_START,
  HANG_IN_START,
  UNWELL,
  CRASH_AT_FIRST,
  HANG_AT_FIRST,
  FAIL_AT_FIRST,
  CRASH_AT_SECOND,
  FAIL_IN_GIVE,
};
#ifndef FAULT
#define FAULT NONE
#endif

/// The multiplier of FNV-1a in 64 bits.
#define PRIME 1099511628211u

static unsigned long long sum, seen;
/// Of each key the last number, and what all its numbers in their order come to.
static long long last[16], disorder;
static unsigned long long hashes[16];
/// How many this instance itself was given.
static int taken;

static void hang(void) {
  for (;;) pause();
}

static void suffer(enum fault crash, enum fault hanging) {
  if (FAULT == crash) abort();
  if (FAULT == hanging) hang();
}

__attribute__((constructor)) static void constructor(void) { suffer(CRASH_IN_CONSTRUCTOR, HANG_IN_CONSTRUCTOR); }

static promethean_status refuse(const char *why) {
  host->error_set(host->context, text(why));
  return PROMETHEAN_FAILED;
}

static promethean_status create(const promethean_host *given, void **instance) {
  find_extensions(given);
  *instance = NULL;
  suffer(CRASH_IN_CREATE, HANG_IN_CREATE);
  return FAULT == FAIL_IN_CREATE ? refuse("no ink") : PROMETHEAN_OK;
}

static promethean_status start(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
  suffer(CRASH_IN_START, HANG_IN_START);
  return FAULT == FAIL_IN_START ? refuse("no paper") : PROMETHEAN_OK;
}

/// Adds an event up; `k` is its key, of which the numbers grow.
static promethean_status take(const promethean_host_envelope *envelope) {
  long long n = number(envelope->payload, "n", 0), k = number(envelope->payload, "k", 0) % 16;
  suffer(CRASH_AT_FIRST, HANG_AT_FIRST);
  if (FAULT == FAIL_AT_FIRST) return refuse("no idea");
  if (FAULT == CRASH_AT_SECOND && ++taken == 2) abort();
  if (n <= last[k]) disorder++;
  last[k] = n;
  hashes[k] = (hashes[k] ^ (unsigned long long)n) * PRIME;
  sum += (unsigned long long)(n * n);
  seen++;
  return PROMETHEAN_OK;
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance;
  if (!is(envelope->intent, "report")) return take(envelope);
  unsigned long long hash = 0;
  for (int i = 0; i < 16; i++) hash = (hash ^ hashes[i]) * PRIME;
  char json[256];
  snprintf(json, sizeof json, "{\"version\":%d,\"seen\":%llu,\"sum\":%llu,\"disorder\":%lld,\"hash\":\"%016llx\"}", VERSION,
           seen, sum, disorder, hash);
  return respond(delivery, json);
}

// MARK: - Handing over: numbers in decimal, and from version 2 of the state on a word before them.

static promethean_status give(void *instance, promethean_plugin_bytes *state) {
  (void)instance;
  if (FAULT == FAIL_IN_GIVE) return refuse("no key");
  static char written[2048];
  int size = snprintf(written, sizeof written, "%s%llu %llu %lld", STATE > 1 ? "ledger " : "", seen, sum, disorder);
  for (int i = 0; i < 16; i++)
    size += snprintf(written + size, sizeof written - (size_t)size, " %lld %llu", last[i], hashes[i]);
  *state = (promethean_bytes){.data = (const uint8_t *)written, .size = (uint64_t)size};
  return PROMETHEAN_OK;
}

static promethean_status take_over(void *instance, uint32_t version, promethean_host_bytes state) {
  (void)instance;
  suffer(CRASH_IN_TAKE, HANG_IN_TAKE);
  if (FAULT == FAIL_IN_TAKE) return refuse("no such format");
  char copy[2048] = "", *at = copy;
  memcpy(copy, state.data, state.size < sizeof copy - 1 ? state.size : sizeof copy - 1);
  if (version > 1) at += strlen("ledger ");
  seen = strtoull(at, &at, 10);
  sum = strtoull(at, &at, 10);
  disorder = strtoll(at, &at, 10);
  for (int i = 0; i < 16; i++) {
    last[i] = strtoll(at, &at, 10);
    hashes[i] = strtoull(at, &at, 10);
  }
  return PROMETHEAN_OK;
}

static void resume(void *instance) { (void)instance; }

static const promethean_handover_v1 handover = {sizeof handover, STATE, give, take_over, resume};

static promethean_status check(void *instance, promethean_plugin_bytes *reason) {
  (void)instance;
  *reason = text("no signal");
  return FAULT == UNWELL ? PROMETHEAN_FAILED : PROMETHEAN_OK;
}

static const promethean_health_v1 health = {sizeof health, check};

static const void *extension(void *instance, promethean_host_bytes id) {
  (void)instance;
  if (is(id, PROMETHEAN_HANDOVER_V1)) return &handover;
  if (is(id, PROMETHEAN_HEALTH_V1)) return &health;
  return NULL;
}
