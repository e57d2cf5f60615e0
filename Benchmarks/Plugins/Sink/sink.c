// Counts the envelopes that come and how long they were on their way, and tells whoever asks.

#define ID "bench-sink"
#define HAS_CREATE
#include "../bench_plugin.h"

/// Times that are kept for the percentiles.
#define TIMES_MAX 65536

typedef struct sink {
  uint64_t count;
  int64_t last;
  uint32_t times[TIMES_MAX];
  uint32_t timed;
} sink;

static promethean_status create(const promethean_host *given, void **instance) {
  return make(given, sizeof(sink), instance);
}

static int ascending(const void *a, const void *b) {
  uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  return (left > right) - (left < right);
}

/// Says what was counted, and counts from 0 again.
static promethean_status report(sink *self, uint64_t delivery) {
  char answer[256];
  qsort(self->times, self->timed, sizeof *self->times, ascending);
  uint32_t p50 = self->timed ? self->times[self->timed / 2] : 0;
  uint32_t p99 = self->timed ? self->times[(uint64_t)self->timed * 99 / 100] : 0;
  snprintf(answer, sizeof answer, "{\"count\":%llu,\"last\":%lld,\"p50\":%u,\"p99\":%u}", (unsigned long long)self->count,
           (long long)self->last, p50, p99);
  promethean_envelope envelope = {.struct_size = sizeof envelope, .intent = text("report"), .payload = text(answer)};
  promethean_status status = subscribing->respond(host->context, delivery, &envelope);
  if (status != PROMETHEAN_OK) return status;
  self->count = self->timed = 0;
  return PROMETHEAN_PENDING;
}

/// Tells the source that what it sent is here.
static promethean_status tell(const promethean_host_envelope *ping) {
  char topic[256];
  snprintf(topic, sizeof topic, "promethean.p.bench.t.%.*s.voice.pong", (int)ping->tenant.size,
           (const char *)ping->tenant.data);
  promethean_envelope pong = {
      .struct_size = sizeof pong,
      .topic = text(topic),
      .intent = text("pong"),
  };
  promethean_status status = publishing->publish(host->context, &pong, 0);
  return status == PROMETHEAN_PENDING ? PROMETHEAN_OK : status;
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  sink *self = instance;
  if (envelope->flags & PROMETHEAN_FLAG_REQUEST) return report(self, delivery);
  self->last = now();
  self->count++;
  if (is(envelope->intent, "frame")) return self->count % FRAMES_PER_WORD ? PROMETHEAN_OK : tell(envelope);
  int64_t sent;
  memcpy(&sent, envelope->payload.data, sizeof sent);
  if (self->timed < TIMES_MAX) self->times[self->timed++] = (uint32_t)(self->last - sent);
  return is(envelope->intent, "tick") ? PROMETHEAN_OK : tell(envelope);
}
