#include "envelope_layout.h"

#include <time.h>

int envelope_is_utf8(const uint8_t *bytes, uint64_t size) {
  uint64_t i = 0;
  while (i < size) {
    if (i + 8 <= size) {
      uint64_t word;
      memcpy(&word, bytes + i, 8);
      if (!(word & 0x8080808080808080)) {
        i += 8;
        continue;
      }
    }
    uint8_t lead = bytes[i++];
    if (lead < 0x80) continue;
    int more = lead >= 0xC2 && lead <= 0xDF ? 1 : (lead & 0xF0) == 0xE0 ? 2 : lead >= 0xF0 && lead <= 0xF4 ? 3 : 0;
    if (!more || i + more > size) return 0;
    uint8_t first = bytes[i];
    // The second byte's range is what rules out overlong forms, surrogates and what lies past U+10FFFF.
    if (first < (lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80)) return 0;
    if (first > (lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF)) return 0;
    for (int n = 1; n < more; n++)
      if ((bytes[i + n] & 0xC0) != 0x80) return 0;
    i += more;
  }
  return 1;
}

int envelope_parse(const uint8_t *bytes, uint64_t size, envelope_head *head, envelope_text fields[ENVELOPE_FIELDS + 1]) {
  int status = envelope_check(bytes, size, head);
  if (status != ENVELOPE_OK) return status;
  const uint8_t *at = bytes + ENVELOPE_HEAD_SIZE;
  for (int i = 0; i < ENVELOPE_FIELDS; i++) {
    uint16_t length = head->length[i];
    fields[i] = length ? (envelope_text){at, length} : (envelope_text){NULL, 0};
    if (length && !envelope_is_utf8(at, length)) return ENVELOPE_NOT_UTF8;
    at += length;
  }
  fields[ENVELOPE_FIELDS] = head->payload ? (envelope_text){at, head->payload} : (envelope_text){NULL, 0};
  return ENVELOPE_OK;
}

uint64_t envelope_compose(const envelope_text fields[ENVELOPE_FIELDS + 1], envelope_head *head, uint8_t *into) {
  uint8_t *at = into + ENVELOPE_HEAD_SIZE;
  for (int i = 0; i < ENVELOPE_FIELDS; i++) {
    head->length[i] = (uint16_t)fields[i].size;
    if (fields[i].size) memcpy(at, fields[i].data, fields[i].size);
    at += fields[i].size;
  }
  envelope_text payload = fields[ENVELOPE_FIELDS];
  if (payload.size) memcpy(at, payload.data, payload.size);
  at += payload.size;
  head->version = ENVELOPE_LAYOUT_VERSION;
  head->size = (uint32_t)(at - into);
  head->payload = (uint32_t)payload.size;
  memcpy(into, head, sizeof *head);
  return head->size;
}

int64_t envelope_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}
