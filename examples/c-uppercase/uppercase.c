// A worker in plain C, against the header alone: for each SocialMessageCreated it publishes an UppercaseText with the
// same text in upper case, and settles the one when the other is recorded.

#include "json_text.h"

#include <promethean/note.h>
#include <stdio.h>
#include <stdlib.h>

PROMETHEAN_NOTE_FILE("plugin.yml")

/// Deliveries that may wait for their publish: more than a host hands out at once.
#define WAITING_MAX 256
#define TOPIC_MAX 256

typedef struct settlement {
  uint64_t delivery;
  int32_t how;
} settlement;

typedef struct uppercase {
  const promethean_host *host;
  const promethean_publish_v1 *publish;
  const promethean_subscribe_v1 *subscribe;
  const promethean_log_v1 *log;
  /// Deliveries whose publish is under way.
  int waiting;
  /// What is decided and found no room yet.
  settlement settlements[WAITING_MAX];
  int settled;
  uint8_t payload[PROMETHEAN_PAYLOAD_MAX];
} uppercase;

static promethean_bytes text(const char *string) {
  return (promethean_bytes){.data = (const uint8_t *)string, .size = strlen(string)};
}

static promethean_status create(const promethean_host *host, void **instance) {
  uppercase *self = calloc(1, sizeof *self);
  if (!self) return PROMETHEAN_FAILED;
  self->host = host;
  self->publish = host->extension(host->context, text(PROMETHEAN_PUBLISH_V1));
  self->subscribe = host->extension(host->context, text(PROMETHEAN_SUBSCRIBE_V1));
  self->log = host->extension(host->context, text(PROMETHEAN_LOG_V1));
  if (!self->publish || !self->subscribe) {
    host->error_set(host->context, text("it needs the grants `publish` and `subscribe`"));
    free(self);
    return PROMETHEAN_DENIED;
  }
  *instance = self;
  return PROMETHEAN_OK;
}

static promethean_status start(void *instance, uint64_t operation) {
  (void)operation;
  uppercase *self = instance;
  if (self->log) self->log->write(self->host->context, PROMETHEAN_LOG_INFO, text("ready to shout"), text("{}"));
  return PROMETHEAN_OK;
}

/// Writes the payload. Returns its bytes, none if the message has no text or too long a one.
static promethean_bytes make_payload(uppercase *self, promethean_bytes message) {
  promethean_bytes words = json_text(message, "text"), id = json_text(message, "message_id");
  const promethean_bytes none = {0};
  if (!words.size || !id.size) return none;
  int size = snprintf((char *)self->payload, sizeof self->payload, "{\"message_id\":%.*s,\"text\":", (int)id.size,
                      (const char *)id.data);
  uint64_t whole = (uint64_t)size + words.size + 1;
  if (whole > sizeof self->payload) return none;
  memcpy(self->payload + size, words.data, words.size);
  json_uppercase(self->payload + size, words.size);
  self->payload[whole - 1] = '}';
  return (promethean_bytes){.data = self->payload, .size = whole};
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  uppercase *self = instance;
  if (self->waiting + self->settled >= WAITING_MAX) return PROMETHEAN_AGAIN;
  promethean_bytes payload = make_payload(self, envelope->payload);
  // Nothing to say in upper case: handled.
  if (!payload.size) return PROMETHEAN_OK;

  char topic[TOPIC_MAX], id[TOPIC_MAX];
  promethean_bytes provider = envelope->provider, tenant = envelope->tenant;
  int length = snprintf(topic, sizeof topic, "promethean.p.%.*s.t.%.*s.events.UppercaseText", (int)provider.size,
                        (const char *)provider.data, (int)tenant.size, (const char *)tenant.data);
  // Of one message always the same, so that what is delivered twice is published once.
  int id_length = snprintf(id, sizeof id, "upper:%.*s", (int)envelope->id.size, (const char *)envelope->id.data);
  if (length >= TOPIC_MAX || id_length >= TOPIC_MAX) return PROMETHEAN_FAILED;
  promethean_envelope shout = {
      .struct_size = sizeof shout,
      .origin = envelope->origin,
      .topic = text(topic),
      .id = text(id),
      .intent = text("UppercaseText"),
      .key = envelope->key,
      .trace = envelope->trace,
      .payload = payload,
  };
  promethean_status status = self->publish->publish(self->host->context, &shout, delivery);
  if (status == PROMETHEAN_PENDING) self->waiting++;
  return status;
}

/// Hands in what was decided, as far as there is room.
static void hand_in(uppercase *self) {
  while (self->settled > 0) {
    settlement next = self->settlements[self->settled - 1];
    if (self->subscribe->settle(self->host->context, next.delivery, next.how, text("")) == PROMETHEAN_AGAIN) return;
    self->settled--;
  }
}

static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result) {
  (void)message, (void)result;
  uppercase *self = instance;
  int32_t how = status == PROMETHEAN_OK ? PROMETHEAN_SETTLE_ACK : PROMETHEAN_SETTLE_RETRY;
  self->waiting--;
  self->settlements[self->settled++] = (settlement){.delivery = token, .how = how};
  hand_in(self);
}

static void poll(void *instance) { hand_in(instance); }

static promethean_status stop(void *instance, uint64_t operation) {
  (void)operation;
  // What still waits goes back to the host when the process ends, and is published under the same id again.
  hand_in(instance);
  return PROMETHEAN_OK;
}

static void destroy(void *instance) { free(instance); }

static const promethean_plugin table = {
    .struct_size = sizeof table,
    .abi_major = PROMETHEAN_ABI_MAJOR,
    .abi_minor = PROMETHEAN_ABI_MINOR,
    .id = {(const uint8_t *)"c-uppercase", sizeof "c-uppercase" - 1},
    .create = create,
    .start = start,
    .deliver = deliver,
    .completed = completed,
    .poll = poll,
    .stop = stop,
    .destroy = destroy,
};

__attribute__((visibility("default"))) const promethean_plugin *promethean_plugin_entry_v1(void) { return &table; }
