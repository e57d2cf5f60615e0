// Publishes a number of envelopes when it is asked to, and answers when that is done.
//
// The request's payload says how: `{"mode", "count", "size", "window"}`, and at most `window` envelopes are on their
// way. Modes: 0 streams to a sink, which says how far it is, 1 has them recorded, 2 sends one when the last has come
// back, 3 sends `"rate"` a second, come what may.

#define ID "bench-source"
#define HAS_CREATE
#define HAS_COMPLETED
#define HAS_POLL
#include "../bench_plugin.h"

#include <pthread.h>

#define MODE_STREAM 0
#define MODE_DURABLE 1
#define MODE_PING 2
#define MODE_PACED 3
/// Envelopes published before the runner has its turn, so that the host begins with the first while the next are made.
#define TURN 64

typedef struct source {
  /// The request that is being worked on; 0: none.
  uint64_t run;
  uint64_t mode, count, window, rate;
  /// Of `count`, how many were sent, have ended, and did not end well.
  uint64_t sent, ended, refused;
  int64_t begun;
  /// Wakes the plugin whenever an envelope is due.
  pthread_t pacer;
  int is_paced;
  char topic[256];
  char key[2];
  promethean_envelope envelope;
  uint8_t payload[PROMETHEAN_PAYLOAD_MAX];
} source;

static promethean_status create(const promethean_host *given, void **instance) {
  return make(given, sizeof(source), instance);
}

static int64_t due_at(const source *self, uint64_t index) {
  return self->begun + (int64_t)(index * 1000000000 / self->rate);
}

static void *pace(void *instance) {
  const source *self = instance;
  for (uint64_t index = 0; index < self->count; index++) {
    int64_t due = due_at(self, index);
    struct timespec time = {.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
    host->wake(host->context);
  }
  return NULL;
}

/// Whether the next envelope may be sent by now.
static int is_next(const source *self) {
  if (self->sent == self->count) return 0;
  return self->is_paced ? due_at(self, self->sent) <= now() : self->sent - self->ended < self->window;
}

/// Answers the request, or, if there is no room, leaves it for the next poll.
static void finish(source *self) {
  char answer[256];
  snprintf(answer, sizeof answer, "{\"begun\":%lld,\"ended\":%lld,\"refused\":%llu}", (long long)self->begun, (long long)now(),
           (unsigned long long)self->refused);
  promethean_envelope envelope = {.struct_size = sizeof envelope, .intent = text("done"), .payload = text(answer)};
  if (subscribing->respond(host->context, self->run, &envelope) == PROMETHEAN_AGAIN) return;
  self->run = 0;
  if (self->is_paced) pthread_join(self->pacer, NULL);
}

/// Sends one envelope. Returns whether there was room.
static int send_one(source *self) {
  uint64_t token = self->mode == MODE_DURABLE ? self->sent + 1 : 0;
  int64_t time = now();
  memcpy(self->payload, &time, sizeof time);
  if (publishing->publish(host->context, &self->envelope, token) == PROMETHEAN_AGAIN) return 0;
  self->sent++;
  if (self->is_paced) self->ended++;
  return 1;
}

static void poll(void *instance) {
  source *self = instance;
  if (!self->run) return;
  int turn = 0;
  while (turn < TURN && is_next(self) && send_one(self)) turn++;
  if (self->ended == self->count) return finish(self);
  if (turn == TURN) host->wake(host->context);
}

static promethean_status begin(source *self, uint64_t delivery, const promethean_host_envelope *request) {
  static const char *const topics[] = {"voice.frame", "events.BenchEvent", "voice.ping", "voice.tick"};
  if (self->run) return PROMETHEAN_CONFLICT;
  uint64_t size = (uint64_t)number(request->payload, "size", 0);
  self->mode = (uint64_t)number(request->payload, "mode", 0);
  if (self->mode > MODE_PACED || size < sizeof(int64_t) || size > sizeof self->payload) return PROMETHEAN_INVALID;
  self->count = (uint64_t)number(request->payload, "count", 0);
  self->window = (uint64_t)number(request->payload, "window", 0);
  self->rate = (uint64_t)number(request->payload, "rate", 1);
  self->is_paced = self->mode == MODE_PACED;
  self->sent = self->ended = self->refused = 0;
  self->begun = now();
  self->run = delivery;
  promethean_bytes tenant = host->tenant;
  snprintf(self->topic, sizeof self->topic, "promethean.p.bench.t.%.*s.%s", (int)tenant.size, (const char *)tenant.data,
           topics[self->mode]);
  // The last letter of the tenant: each source has a sink of its own.
  self->key[0] = tenant.size ? (char)tenant.data[tenant.size - 1] : 'x';
  self->envelope = (promethean_envelope){
      .struct_size = sizeof self->envelope,
      .topic = text(self->topic),
      .intent = text(strrchr(self->topic, '.') + 1),
      .key = text(self->key),
      .content_type = text("application/octet-stream"),
      .payload = {.data = self->payload, .size = size},
  };
  if (self->is_paced && pthread_create(&self->pacer, NULL, pace, self) != 0) {
    self->run = 0;
    return PROMETHEAN_FAILED;
  }
  host->wake(host->context);
  return PROMETHEAN_PENDING;
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  source *self = instance;
  if (envelope->flags & PROMETHEAN_FLAG_REQUEST) return begin(self, delivery, envelope);
  // Something of what was sent has arrived; the runner polls after this.
  self->ended += self->mode == MODE_STREAM ? FRAMES_PER_WORD : 1;
  return PROMETHEAN_OK;
}

static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result) {
  (void)token, (void)message, (void)result;
  source *self = instance;
  self->ended++;
  if (status != PROMETHEAN_OK) self->refused++;
}
