#include "envelope_codec.h"

#include <envelope_layout.h>
#include <stddef.h>
#include <string.h>

/// Where each text field stands in the struct, in the layout's order, and what it is called.
static const struct {
  size_t offset;
  const char *name;
} fields[ENVELOPE_FIELDS] = {
#define FIELD(index, field) [index] = {offsetof(promethean_envelope, field), "envelope." #field}
    FIELD(ENVELOPE_SRC, src),           FIELD(ENVELOPE_PROVIDER, provider),
    FIELD(ENVELOPE_TENANT, tenant),     FIELD(ENVELOPE_REPLY, reply),
    FIELD(ENVELOPE_TOPIC, topic),       FIELD(ENVELOPE_ID, id),
    FIELD(ENVELOPE_INTENT, intent),     FIELD(ENVELOPE_KEY, key),
    FIELD(ENVELOPE_TRACE, trace),       FIELD(ENVELOPE_CORR, corr),
    FIELD(ENVELOPE_CONTENT_TYPE, content_type), FIELD(ENVELOPE_RESOURCE, resource),
    FIELD(ENVELOPE_BUILD, build),       FIELD(ENVELOPE_MODELS, models),
    FIELD(ENVELOPE_CONFIG_REV, config_rev),
};

static promethean_bytes *field(promethean_envelope *envelope, int index) {
  return (promethean_bytes *)((char *)envelope + fields[index].offset);
}

static promethean_bytes text(const promethean_envelope *envelope, int index) {
  return *(const promethean_bytes *)((const char *)envelope + fields[index].offset);
}

const char *envelope_accept(const promethean_plugin_envelope *theirs, promethean_envelope *ours) {
  *ours = (promethean_envelope){0};
  uint32_t size = theirs->struct_size;
  if (size < offsetof(promethean_envelope, src)) return "envelope.struct_size is too small";
  memcpy(ours, theirs, size < sizeof *ours ? size : sizeof *ours);
  ours->struct_size = sizeof *ours;
  if (ours->origin > PROMETHEAN_ORIGIN_REPLAY) return "envelope.origin is unknown";
  if (ours->flags & ~(PROMETHEAN_FLAG_REQUEST | PROMETHEAN_FLAG_RESPONSE | PROMETHEAN_FLAG_ERROR))
    return "envelope.flags has unknown bits";
  if (ours->reserved) return "envelope.reserved is not zero";
  for (int i = 0; i < ENVELOPE_FIELDS; i++) {
    promethean_bytes bytes = text(ours, i);
    if (bytes.size > (i == ENVELOPE_MODELS ? ENVELOPE_MODELS_MAX : ENVELOPE_FIELD_MAX)) return fields[i].name;
    if (bytes.size && (!bytes.data || !envelope_is_utf8(bytes.data, bytes.size))) return fields[i].name;
  }
  if (ours->payload.size > ENVELOPE_PAYLOAD_MAX || (ours->payload.size && !ours->payload.data))
    return "envelope.payload";
  return NULL;
}

uint64_t envelope_size(const promethean_envelope *envelope) {
  uint64_t size = ENVELOPE_HEAD_SIZE + envelope->payload.size;
  for (int i = 0; i < ENVELOPE_FIELDS; i++) size += text(envelope, i).size;
  return size;
}

void envelope_encode(const promethean_envelope *envelope, uint8_t *into) {
  envelope_head head = {
      .size = (uint32_t)envelope_size(envelope),
      .version = ENVELOPE_LAYOUT_VERSION,
      .origin = envelope->origin,
      .flags = envelope->flags,
      .ts = envelope->ts,
      .deadline = envelope->deadline,
      .attempt = envelope->attempt,
      .hops = envelope->hops,
      .payload = (uint32_t)envelope->payload.size,
  };
  uint8_t *at = into + ENVELOPE_HEAD_SIZE;
  for (int i = 0; i < ENVELOPE_FIELDS; i++) {
    promethean_bytes bytes = text(envelope, i);
    head.length[i] = (uint16_t)bytes.size;
    if (bytes.size) memcpy(at, bytes.data, bytes.size);
    at += bytes.size;
  }
  if (envelope->payload.size) memcpy(at, envelope->payload.data, envelope->payload.size);
  memcpy(into, &head, sizeof head);
}

int envelope_view(const uint8_t *bytes, uint64_t size, promethean_envelope *envelope) {
  envelope_head head;
  int code = envelope_check(bytes, size, &head);
  if (code != ENVELOPE_OK) return code;
  *envelope = (promethean_envelope){
      .struct_size = sizeof *envelope,
      .attempt = head.attempt,
      .hops = head.hops,
      .origin = head.origin,
      .flags = head.flags,
      .ts = head.ts,
      .deadline = head.deadline,
  };
  const uint8_t *at = bytes + ENVELOPE_HEAD_SIZE;
  for (int i = 0; i < ENVELOPE_FIELDS; i++) {
    *field(envelope, i) = (promethean_bytes){.data = at, .size = head.length[i]};
    at += head.length[i];
  }
  envelope->payload = (promethean_bytes){.data = at, .size = head.payload};
  return ENVELOPE_OK;
}
