// A worker that takes numbered events, one after the other and as slowly as its configuration says, and keeps account of them.
//
// Configuration: `delay_ms`, how long each event takes; `crash_at_start` and `crash_on`, the number of the event that it dies of.
// Requests: `report` is answered with the account, `hold` never, `fail` with an error, `crash` with its death.

#define HAS_CREATE
#define HAS_START
#define HAS_COMPLETED
#define HAS_POLL
#define HAS_STOP
#include "fixture.h"

/// More than the host hands out at once.
#define WAITING_MAX 8192

static long long delay, crash_on, first = -1, last = -1, seen, disorder;
/// Deliveries that wait for their turn, in a ring.
static uint64_t waiting[WAITING_MAX];
static unsigned from, count;
static int is_busy;

static promethean_status create(const promethean_host *given, void **instance) {
  find_extensions(given);
  delay = number(host->config, "delay_ms", 0) * 1000000;
  crash_on = number(host->config, "crash_on", 0);
  *instance = NULL;
  return PROMETHEAN_OK;
}

static promethean_status start(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
  if (number(host->config, "crash_at_start", 0)) {
    fprintf(stderr, "it was told to crash\n");
    abort();
  }
  return PROMETHEAN_OK;
}

static void work(void) {
  if (is_busy || count == 0) return;
  is_busy = timing->after(host->context, delay, 1) == PROMETHEAN_OK;
}

static promethean_status take(uint64_t delivery, const promethean_host_envelope *envelope) {
  long long n = number(envelope->payload, "n", -1);
  if (n == crash_on && crash_on) abort();
  if (first < 0) first = n;
  if (last >= 0 && n != last + 1) disorder++;
  last = n;
  seen++;
  if (!delay) return PROMETHEAN_OK;
  if (count == WAITING_MAX) return PROMETHEAN_AGAIN;
  waiting[(from + count++) % WAITING_MAX] = delivery;
  work();
  return PROMETHEAN_PENDING;
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance;
  if (is(envelope->intent, "report")) {
    char json[256];
    snprintf(json, sizeof json, "{\"first\":%lld,\"last\":%lld,\"seen\":%lld,\"disorder\":%lld,\"waiting\":%u}", first, last,
             seen, disorder, count);
    return respond(delivery, json);
  }
  if (is(envelope->intent, "hold")) return PROMETHEAN_PENDING;
  if (is(envelope->intent, "crash")) abort();
  if (is(envelope->intent, "fail")) {
    host->error_set(host->context, text("no paper in tray 2"));
    return PROMETHEAN_FAILED;
  }
  return take(delivery, envelope);
}

static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result) {
  (void)instance, (void)token, (void)status, (void)message, (void)result;
  is_busy = 0;
  if (subscribing->settle(host->context, waiting[from], PROMETHEAN_SETTLE_ACK, text("")) == PROMETHEAN_OK) {
    from = (from + 1) % WAITING_MAX;
    count--;
  }
  work();
}

static void poll(void *instance) {
  (void)instance;
  work();
}

static promethean_status stop(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
  for (; count > 0; count--, from = (from + 1) % WAITING_MAX)
    subscribing->settle(host->context, waiting[from], PROMETHEAN_SETTLE_RELEASE, text(""));
  return PROMETHEAN_OK;
}
