// Publishes a number of envelopes when it is asked to, and answers when that is done.
//
// The request's payload says how: `{"mode", "count", "size", "window"}`, and at most `window` envelopes are on their
// way. Modes: 0 streams to a sink, which says how far it is, 1 has them recorded, 2 sends one when the last has come
// back.

#include "../bench_plugin.h"

#define MODE_STREAM 0
#define MODE_DURABLE 1
#define MODE_PING 2
/// Envelopes published before the runner has its turn, so that the host begins with the first while the next are made.
#define TURN 64

typedef struct source {
  const promethean_host *host;
  const promethean_publish_v1 *publish;
  const promethean_subscribe_v1 *subscribe;
  /// The request that is being worked on; 0: none.
  uint64_t run;
  uint64_t mode, count, window;
  /// Of `count`, how many were sent, have ended, and did not end well.
  uint64_t sent, ended, refused;
  int64_t begun;
  char topic[256];
  char key[2];
  promethean_envelope envelope;
  uint8_t payload[PROMETHEAN_PAYLOAD_MAX];
} source;

static promethean_status create(const promethean_host *host, void **instance) {
  source *self = calloc(1, sizeof *self);
  if (!self) return PROMETHEAN_FAILED;
  self->host = host;
  self->publish = host->extension(host->context, text(PROMETHEAN_PUBLISH_V1));
  self->subscribe = host->extension(host->context, text(PROMETHEAN_SUBSCRIBE_V1));
  if (!self->publish || !self->subscribe) {
    free(self);
    return PROMETHEAN_DENIED;
  }
  *instance = self;
  return PROMETHEAN_OK;
}

static promethean_status start(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
  return PROMETHEAN_OK;
}

/// Answers the request, or, if there is no room, leaves it for the next poll.
static void finish(source *self) {
  char answer[256];
  snprintf(answer, sizeof answer, "{\"begun\":%lld,\"ended\":%lld,\"refused\":%llu}", (long long)self->begun, (long long)now(),
           (unsigned long long)self->refused);
  promethean_envelope envelope = {.struct_size = sizeof envelope, .intent = text("done"), .payload = text(answer)};
  if (self->subscribe->respond(self->host->context, self->run, &envelope) != PROMETHEAN_AGAIN) self->run = 0;
}

/// Sends one envelope. Returns whether there was room.
static int send_one(source *self) {
  uint64_t token = self->mode == MODE_DURABLE ? self->sent + 1 : 0;
  int64_t time = now();
  memcpy(self->payload, &time, sizeof time);
  if (self->publish->publish(self->host->context, &self->envelope, token) == PROMETHEAN_AGAIN) return 0;
  self->sent++;
  return 1;
}

static void poll(void *instance) {
  source *self = instance;
  if (!self->run) return;
  int turn = 0;
  while (self->sent < self->count && self->sent - self->ended < self->window && turn < TURN && send_one(self)) turn++;
  if (self->ended == self->count) return finish(self);
  if (turn == TURN) self->host->wake(self->host->context);
}

static promethean_status begin(source *self, uint64_t delivery, const promethean_host_envelope *request) {
  static const char *const topics[] = {"voice.frame", "events.BenchEvent", "voice.ping"};
  if (self->run) return PROMETHEAN_CONFLICT;
  uint64_t size = json_number(request->payload, "\"size\"");
  self->mode = json_number(request->payload, "\"mode\"");
  if (self->mode > MODE_PING || size < sizeof(int64_t) || size > sizeof self->payload) return PROMETHEAN_INVALID;
  self->count = json_number(request->payload, "\"count\"");
  self->window = json_number(request->payload, "\"window\"");
  self->sent = self->ended = self->refused = 0;
  self->begun = now();
  self->run = delivery;
  promethean_bytes tenant = self->host->tenant;
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
  self->host->wake(self->host->context);
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

static promethean_status stop(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
  return PROMETHEAN_OK;
}

static void destroy(void *instance) { free(instance); }

static const promethean_plugin table = {
    .struct_size = sizeof table,
    .abi_major = PROMETHEAN_ABI_MAJOR,
    .abi_minor = PROMETHEAN_ABI_MINOR,
    .id = {(const uint8_t *)"bench-source", sizeof "bench-source" - 1},
    .create = create,
    .start = start,
    .deliver = deliver,
    .completed = completed,
    .poll = poll,
    .stop = stop,
    .destroy = destroy,
};

__attribute__((visibility("default"))) const promethean_plugin *promethean_plugin_entry_v1(void) { return &table; }
