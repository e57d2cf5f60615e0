// Counts the messages that come, and tells whoever asks.

#define ID "bench-counter"
#define HAS_CREATE
#include "../bench_plugin.h"

static uint64_t count;
static int64_t first, last;

static promethean_status create(const promethean_host *given, void **instance) {
  find_extensions(given);
  *instance = NULL;
  return subscribing ? PROMETHEAN_OK : PROMETHEAN_DENIED;
}

/// Says what was counted since the last time.
static promethean_status report(uint64_t delivery) {
  char answer[256];
  snprintf(answer, sizeof answer, "{\"count\":%llu,\"first\":%lld,\"last\":%lld}", (unsigned long long)count,
           (long long)first, (long long)last);
  promethean_envelope envelope = {.struct_size = sizeof envelope, .intent = text("report"), .payload = text(answer)};
  promethean_status status = subscribing->respond(host->context, delivery, &envelope);
  if (status != PROMETHEAN_OK) return status;
  count = 0;
  return PROMETHEAN_PENDING;
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance;
  if (envelope->flags & PROMETHEAN_FLAG_REQUEST) return report(delivery);
  last = now();
  if (!count++) first = last;
  return PROMETHEAN_OK;
}
