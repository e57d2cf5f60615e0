// The binary layout of an envelope, version 1: what lies in the rings and in the journal.
//
// Little-endian. A head of 72 bytes, then the text fields in the order of `envelope_field`, each without padding, then
// the payload. There are lengths and no offsets, so no two fields can overlap and one sum checks them all.
//
//   offset  size
//        0     4  size of the whole, head included
//        4     2  version of the layout
//        6     1  origin
//        7     1  flags
//        8     8  ts, ns since 1970 UTC
//       16     8  deadline, the same clock, 0 = none
//       24     4  attempt
//       28     4  hops
//       32    30  length of each text field, 15 x u16
//       62     2  zero
//       64     4  length of the payload
//       68     4  zero

#ifndef ENVELOPE_LAYOUT_H
#define ENVELOPE_LAYOUT_H

#include <stdint.h>
#include <string.h>

#define ENVELOPE_LAYOUT_VERSION 1
#define ENVELOPE_HEAD_SIZE 72
/// The longest text field, in bytes: a topic, URN or id is a line, not a document.
#define ENVELOPE_FIELD_MAX 1024
/// The longest `models` field, in bytes: a JSON list.
#define ENVELOPE_MODELS_MAX 4096
/// The largest payload, in bytes: PROMETHEAN_PAYLOAD_MAX.
#define ENVELOPE_PAYLOAD_MAX 65536
/// The largest envelope, in bytes.
#define ENVELOPE_SIZE_MAX (ENVELOPE_HEAD_SIZE + 14 * ENVELOPE_FIELD_MAX + ENVELOPE_MODELS_MAX + ENVELOPE_PAYLOAD_MAX)

/// The text fields in their order. Those that the host stamps come first, so that stamping copies the rest in one
/// piece.
#define ENVELOPE_SRC 0
#define ENVELOPE_PROVIDER 1
#define ENVELOPE_TENANT 2
#define ENVELOPE_REPLY 3
#define ENVELOPE_TOPIC 4
#define ENVELOPE_ID 5
#define ENVELOPE_INTENT 6
#define ENVELOPE_KEY 7
#define ENVELOPE_TRACE 8
#define ENVELOPE_CORR 9
#define ENVELOPE_CONTENT_TYPE 10
#define ENVELOPE_RESOURCE 11
#define ENVELOPE_BUILD 12
#define ENVELOPE_MODELS 13
#define ENVELOPE_CONFIG_REV 14
#define ENVELOPE_FIELDS 15

/// The head, as it lies in memory.
typedef struct envelope_head {
  uint32_t size;
  uint16_t version;
  uint8_t origin;
  uint8_t flags;
  int64_t ts;
  int64_t deadline;
  uint32_t attempt;
  uint32_t hops;
  uint16_t length[ENVELOPE_FIELDS];
  uint16_t reserved0;
  uint32_t payload;
  uint32_t reserved1;
} envelope_head;

_Static_assert(sizeof(envelope_head) == ENVELOPE_HEAD_SIZE, "the head is part of the layout");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the layout is little-endian");

/// What is wrong with some bytes that should be an envelope.
#define ENVELOPE_OK 0
#define ENVELOPE_TRUNCATED 1
#define ENVELOPE_BAD_VERSION 2
#define ENVELOPE_BAD_SIZE 3
#define ENVELOPE_FIELD_TOO_LONG 4
#define ENVELOPE_PAYLOAD_TOO_LONG 5
#define ENVELOPE_BAD_ORIGIN 6
#define ENVELOPE_BAD_FLAGS 7
#define ENVELOPE_NOT_UTF8 8
#define ENVELOPE_RESERVED_NOT_ZERO 9

/// Whether some flags are one of the four that exist: none, REQUEST, RESPONSE, and RESPONSE with ERROR.
static inline int envelope_flags_exist(uint8_t flags) { return flags <= 2 || flags == 6; }

/// Copies the head out of `bytes` and checks all but the text's encoding: after ENVELOPE_OK every field lies within
/// `size` bytes. `bytes` needs no alignment, and must not change meanwhile: copy it out of shared memory first.
static inline int envelope_check(const uint8_t *bytes, uint64_t size, envelope_head *head) {
  if (size < ENVELOPE_HEAD_SIZE) return ENVELOPE_TRUNCATED;
  memcpy(head, bytes, ENVELOPE_HEAD_SIZE);
  if (head->version != ENVELOPE_LAYOUT_VERSION) return ENVELOPE_BAD_VERSION;
  if (head->size != size) return ENVELOPE_BAD_SIZE;
  if (head->origin > 2) return ENVELOPE_BAD_ORIGIN;
  if (!envelope_flags_exist(head->flags)) return ENVELOPE_BAD_FLAGS;
  if (head->reserved0 || head->reserved1) return ENVELOPE_RESERVED_NOT_ZERO;
  if (head->payload > ENVELOPE_PAYLOAD_MAX) return ENVELOPE_PAYLOAD_TOO_LONG;
  uint64_t sum = ENVELOPE_HEAD_SIZE + (uint64_t)head->payload;
  for (int i = 0; i < ENVELOPE_FIELDS; i++) {
    if (head->length[i] > (i == ENVELOPE_MODELS ? ENVELOPE_MODELS_MAX : ENVELOPE_FIELD_MAX)) return ENVELOPE_FIELD_TOO_LONG;
    sum += head->length[i];
  }
  return sum == size ? ENVELOPE_OK : ENVELOPE_BAD_SIZE;
}

/// A text field where it lies, NULL and 0 if it is empty.
typedef struct envelope_text {
  const uint8_t *data;
  uint64_t size;
} envelope_text;

/// Takes an envelope apart: the head, each text field in its order, and the payload, in `fields[ENVELOPE_FIELDS]`.
/// Checks what `envelope_check` does and the encoding of the text. The fields refer to `bytes`.
int envelope_parse(const uint8_t *bytes, uint64_t size, envelope_head *head, envelope_text fields[ENVELOPE_FIELDS + 1]);

/// Puts an envelope together in `into`, which has room for ENVELOPE_SIZE_MAX bytes, from fields as `envelope_parse`
/// leaves them, and brings the sizes in `*head` up to date. Returns the size of the whole.
uint64_t envelope_compose(const envelope_text fields[ENVELOPE_FIELDS + 1], envelope_head *head, uint8_t *into);

/// Whether some bytes are UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing past U+10FFFF.
int envelope_is_utf8(const uint8_t *bytes, uint64_t size);

/// Nanoseconds since 1970-01-01 UTC: what `ts` is stamped with.
int64_t envelope_now(void);

#endif
