// What a plugin can obtain from the host beyond the table, each by its grant. All [any].

#include <envelope_layout.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "envelope_codec.h"
#include "runner.h"

/// Bytes of a log line's message, and of its fields: more is cut, or left out.
#define LOG_PART_MAX 16384u
/// OpenTelemetry's numbers end here.
#define LOG_SEVERITY_MAX 24
/// Bytes of a metric's name.
#define METRIC_NAME_MAX 128

promethean_status refuse(const char *call, const char *why) {
  dprintf(STDERR_FILENO, "%s: %s is malformed or too large\n", call, why);
  return PROMETHEAN_INVALID;
}

// MARK: - Log, clock, metrics

static void log_write(void *context, int32_t severity, promethean_plugin_bytes message,
                      promethean_plugin_bytes fields) {
  outbox *outbox = &((runner *)context)->outbox;
  message = text_cut(message, LOG_PART_MAX);
  if (fields.size > LOG_PART_MAX) fields.size = 0;
  uint32_t length = (uint32_t)message.size;
  if (severity < 1 || severity > LOG_SEVERITY_MAX) severity = PROMETHEAN_LOG_INFO;
  wire_frame frame = {.op = WIRE_LOG, .argument = (int16_t)severity};
  promethean_status status;
  uint8_t *place = outbox_begin(outbox, frame, sizeof length + message.size + fields.size, &status);
  if (!place) return outbox_drop(outbox);
  memcpy(place, &length, sizeof length);
  if (message.size) memcpy(place + sizeof length, message.data, message.size);
  if (fields.size) memcpy(place + sizeof length + message.size, fields.data, fields.size);
  outbox_end(outbox);
}

static int64_t now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t clock_realtime(void *context) {
  (void)context;
  return now(CLOCK_REALTIME);
}

static int64_t clock_monotonic(void *context) {
  (void)context;
  return now(CLOCK_MONOTONIC);
}

static promethean_status clock_after(void *context, int64_t nanoseconds, uint64_t token) {
  runner *runner = context;
  int64_t start = now(CLOCK_MONOTONIC), wait = nanoseconds > 0 ? nanoseconds : 0;
  int64_t due = wait < INT64_MAX - start ? start + wait : INT64_MAX - 1;
  int added = timers_add(&runner->timers, due, token);
  // Whoever sleeps until a later one must look again.
  if (added == TIMERS_FIRST) runner_rouse(runner);
  return added == TIMERS_FULL ? PROMETHEAN_AGAIN : PROMETHEAN_OK;
}

static void metrics_record_labelled(void *context, int32_t kind, promethean_plugin_bytes name,
                                    promethean_plugin_bytes labels, double value) {
  outbox *outbox = &((runner *)context)->outbox;
  if (kind < PROMETHEAN_METRIC_COUNTER || kind > PROMETHEAN_METRIC_HISTOGRAM || !name.size ||
      name.size > METRIC_NAME_MAX || labels.size > PROMETHEAN_LABELS_SIZE) {
    refuse("metrics.record", "kind, name or labels");
    return;
  }
  uint16_t length = (uint16_t)name.size;
  wire_frame frame = {.op = WIRE_METRIC, .argument = (int16_t)kind};
  memcpy(&frame.token, &value, sizeof frame.token);
  promethean_status status;
  uint8_t *place = outbox_begin(outbox, frame, sizeof length + name.size + labels.size, &status);
  if (!place) return outbox_drop(outbox);
  memcpy(place, &length, sizeof length);
  memcpy(place + sizeof length, name.data, name.size);
  if (labels.size) memcpy(place + sizeof length + name.size, labels.data, labels.size);
  outbox_end(outbox);
}

static void metrics_record(void *context, int32_t kind, promethean_plugin_bytes name, double value) {
  metrics_record_labelled(context, kind, name, bytes_of(NULL, 0), value);
}

// MARK: - Publish, request, subscribe

/// Sends an envelope. Returns OK, AGAIN or INVALID.
static promethean_status send_envelope(void *context, const char *call, wire_frame frame,
                                       const promethean_envelope *envelope) {
  outbox *outbox = &((runner *)context)->outbox;
  promethean_envelope accepted;
  const char *fault = envelope_accept(envelope, &accepted);
  if (fault) return refuse(call, fault);
  promethean_status status;
  uint8_t *place = outbox_begin(outbox, frame, envelope_size(&accepted), &status);
  if (!place) return status;
  envelope_encode(&accepted, place);
  outbox_end(outbox);
  return PROMETHEAN_OK;
}

/// The same of a call that is answered later.
static promethean_status pending(promethean_status sent) { return sent == PROMETHEAN_OK ? PROMETHEAN_PENDING : sent; }

static promethean_status publish(void *context, const promethean_plugin_envelope *envelope, uint64_t token) {
  return pending(send_envelope(context, "publish", (wire_frame){.op = WIRE_PUBLISH, .token = token}, envelope));
}

static promethean_status request(void *context, const promethean_plugin_envelope *envelope, uint64_t token) {
  return pending(send_envelope(context, "request", (wire_frame){.op = WIRE_REQUEST, .token = token}, envelope));
}

static promethean_status subscribe(void *context, promethean_plugin_bytes pattern, uint64_t token) {
  if (!pattern.size || pattern.size > ENVELOPE_FIELD_MAX) return refuse("subscribe", "pattern");
  wire_frame frame = {.op = WIRE_SUBSCRIBE, .token = token};
  return pending(outbox_send(&((runner *)context)->outbox, frame, pattern));
}

static promethean_status settle(void *context, uint64_t delivery, int32_t how, promethean_plugin_bytes reason) {
  if (how < PROMETHEAN_SETTLE_ACK || how > PROMETHEAN_SETTLE_REJECT) return refuse("settle", "how");
  // An envelope that is not recorded comes as delivery 0, and nobody waits to hear of it.
  if (!delivery) return PROMETHEAN_OK;
  wire_frame frame = {.op = WIRE_SETTLE, .argument = (int16_t)how, .token = delivery};
  return outbox_send(&((runner *)context)->outbox, frame, text_cut(reason, ERROR_MAX));
}

static promethean_status respond(void *context, uint64_t delivery, const promethean_plugin_envelope *envelope) {
  promethean_envelope given;
  const char *fault = envelope_accept(envelope, &given);
  if (fault) return refuse("respond", fault);
  promethean_envelope answer = {
      .struct_size = sizeof answer,
      .intent = given.intent,
      .content_type = given.content_type,
      .payload = given.payload,
  };
  int16_t status = given.flags & PROMETHEAN_FLAG_ERROR ? PROMETHEAN_FAILED : PROMETHEAN_OK;
  wire_frame frame = {.op = WIRE_RESPOND, .argument = status, .token = delivery};
  return send_envelope(context, "respond", frame, &answer);
}

// MARK: - State

static promethean_status state(void *context, int16_t what, promethean_bytes provider, promethean_bytes tenant,
                               promethean_bytes key, uint64_t expected, promethean_bytes document, uint64_t token) {
  if (provider.size > ENVELOPE_FIELD_MAX) return refuse("state", "provider");
  if (tenant.size > ENVELOPE_FIELD_MAX) return refuse("state", "tenant");
  if (!key.size || key.size > ENVELOPE_FIELD_MAX) return refuse("state", "key");
  if (document.size > PROMETHEAN_STATE_MAX) return refuse("state", "document");
  outbox *outbox = &((runner *)context)->outbox;
  wire_state head = {
      .expected = expected,
      .document = (uint32_t)document.size,
      .provider = (uint16_t)provider.size,
      .tenant = (uint16_t)tenant.size,
      .key = (uint16_t)key.size,
  };
  wire_frame frame = {.op = WIRE_STATE, .argument = what, .token = token};
  size_t size = sizeof head + provider.size + tenant.size + key.size + document.size;
  promethean_status status;
  uint8_t *place = outbox_begin(outbox, frame, size, &status);
  if (!place) return status;
  memcpy(place, &head, sizeof head);
  place += sizeof head;
  const promethean_bytes parts[] = {provider, tenant, key, document};
  for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (parts[i].size) memcpy(place, parts[i].data, parts[i].size);
    place += parts[i].size;
  }
  outbox_end(outbox);
  return PROMETHEAN_PENDING;
}

static promethean_status state_get(void *context, promethean_plugin_bytes provider, promethean_plugin_bytes tenant,
                                   promethean_plugin_bytes key, uint64_t token) {
  return state(context, WIRE_STATE_GET, provider, tenant, key, 0, bytes_of(NULL, 0), token);
}

static promethean_status state_put(void *context, promethean_plugin_bytes provider, promethean_plugin_bytes tenant,
                                   promethean_plugin_bytes key, uint64_t expected, promethean_plugin_bytes document,
                                   uint64_t token) {
  return state(context, WIRE_STATE_PUT, provider, tenant, key, expected, document, token);
}

static promethean_status state_remove(void *context, promethean_plugin_bytes provider, promethean_plugin_bytes tenant,
                                      promethean_plugin_bytes key, uint64_t token) {
  return state(context, WIRE_STATE_REMOVE, provider, tenant, key, 0, bytes_of(NULL, 0), token);
}

// MARK: - Buffers

typedef struct counted_buffer {
  promethean_buffer shown;
  _Atomic uint32_t count;
  uint8_t bytes[];
} counted_buffer;

static const promethean_buffer *buffer_copy(void *context, promethean_bytes bytes) {
  (void)context;
  counted_buffer *buffer = bytes.size < SIZE_MAX - sizeof *buffer ? malloc(sizeof *buffer + bytes.size) : NULL;
  if (!buffer) return NULL;
  if (bytes.size) memcpy(buffer->bytes, bytes.data, bytes.size);
  promethean_bytes kept = bytes_of(buffer->bytes, bytes.size);
  buffer->shown = (promethean_buffer){.struct_size = sizeof buffer->shown, .bytes = kept};
  atomic_init(&buffer->count, 1);
  return &buffer->shown;
}

static void buffer_retain(void *context, const promethean_buffer *buffer) {
  (void)context;
  atomic_fetch_add_explicit(&((counted_buffer *)buffer)->count, 1, memory_order_relaxed);
}

static void buffer_release(void *context, const promethean_buffer *buffer) {
  (void)context;
  if (atomic_fetch_sub_explicit(&((counted_buffer *)buffer)->count, 1, memory_order_acq_rel) == 1) free((void *)buffer);
}

// MARK: - Finding them

static const promethean_log_v1 log_v1 = {sizeof log_v1, log_write};
static const promethean_clock_v1 clock_v1 = {sizeof clock_v1, clock_realtime, clock_monotonic, clock_after};
static const promethean_metrics_v1 metrics_v1 = {sizeof metrics_v1, metrics_record};
static const promethean_metrics_v2 metrics_v2 = {sizeof metrics_v2, metrics_record_labelled};
static const promethean_publish_v1 publish_v1 = {sizeof publish_v1, publish};
static const promethean_request_v1 request_v1 = {sizeof request_v1, request};
static const promethean_subscribe_v1 subscribe_v1 = {sizeof subscribe_v1, subscribe, settle, respond};
static const promethean_state_v1 state_v1 = {sizeof state_v1, state_get, state_put, state_remove};
static const promethean_buffer_v1 buffer_v1 = {sizeof buffer_v1, buffer_copy, buffer_retain, buffer_release};

/// In the place of a grant: there for everybody.
#define ALWAYS -1

static const struct {
  const char *id;
  int grant;
  const void *table;
} extensions[] = {
    {PROMETHEAN_LOG_V1, WIRE_EXTENSION_LOG, &log_v1},
    {PROMETHEAN_CLOCK_V1, WIRE_EXTENSION_CLOCK, &clock_v1},
    {PROMETHEAN_METRICS_V1, WIRE_EXTENSION_METRICS, &metrics_v1},
    {PROMETHEAN_METRICS_V2, WIRE_EXTENSION_METRICS, &metrics_v2},
    {PROMETHEAN_PUBLISH_V1, WIRE_EXTENSION_PUBLISH, &publish_v1},
    {PROMETHEAN_REQUEST_V1, ALWAYS, &request_v1},
    {PROMETHEAN_SUBSCRIBE_V1, WIRE_EXTENSION_SUBSCRIBE, &subscribe_v1},
    {PROMETHEAN_STATE_V1, WIRE_EXTENSION_STATE, &state_v1},
    {PROMETHEAN_BUFFER_V1, ALWAYS, &buffer_v1},
    {PROMETHEAN_DIAL_V1, WIRE_EXTENSION_DIAL, &dial_v1},
    {PROMETHEAN_SECRETS_V1, WIRE_EXTENSION_SECRETS, &secrets_v1},
};

const void *extension_find(runner *runner, promethean_bytes id) {
  for (unsigned i = 0; i < sizeof extensions / sizeof *extensions; i++) {
    if (id.size != strlen(extensions[i].id) || memcmp(id.data, extensions[i].id, id.size)) continue;
    int grant = extensions[i].grant;
    return grant == ALWAYS || (runner->setup.head.extensions >> grant) & 1 ? extensions[i].table : NULL;
  }
  return NULL;
}
