// What the author of a plugin had when the plugin ABI was 1.0: as much of its header as one small worker needs.
//
// It never changes, whatever becomes of promethean/plugin.h: a library that is built against it has the layout, the sizes
// and the knowledge of then, and must run on every host of major version 1.

#ifndef PROMETHEAN_ABI_1_0_H
#define PROMETHEAN_ABI_1_0_H

#include <stdint.h>

#define PROMETHEAN_ABI_MAJOR 1
#define PROMETHEAN_ABI_MINOR 0

typedef int32_t promethean_status;
#define PROMETHEAN_OK 0
#define PROMETHEAN_PENDING 1
#define PROMETHEAN_FAILED -1
#define PROMETHEAN_DENIED -2
#define PROMETHEAN_NOT_FOUND -6

typedef struct promethean_bytes {
  const uint8_t *data;
  uint64_t size;
} promethean_bytes;
typedef promethean_bytes promethean_host_bytes;
typedef promethean_bytes promethean_plugin_bytes;

typedef struct promethean_envelope {
  uint32_t struct_size;
  uint32_t attempt;
  uint32_t hops;
  uint8_t origin;
  uint8_t flags;
  uint16_t reserved;
  int64_t ts;
  int64_t deadline;
  promethean_bytes src;
  promethean_bytes provider;
  promethean_bytes tenant;
  promethean_bytes reply;
  promethean_bytes topic;
  promethean_bytes id;
  promethean_bytes intent;
  promethean_bytes key;
  promethean_bytes trace;
  promethean_bytes corr;
  promethean_bytes content_type;
  promethean_bytes resource;
  promethean_bytes build;
  promethean_bytes models;
  promethean_bytes config_rev;
  promethean_bytes payload;
} promethean_envelope;
typedef promethean_envelope promethean_host_envelope;
typedef promethean_envelope promethean_plugin_envelope;

typedef struct promethean_host {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;
  void *context;
  promethean_bytes plugin_id;
  promethean_bytes instance_name;
  promethean_bytes provider;
  promethean_bytes tenant;
  promethean_bytes config;
  promethean_bytes config_rev;
  const void *(*extension)(void *context, promethean_plugin_bytes id);
  void (*error_set)(void *context, promethean_plugin_bytes message);
  void (*complete)(void *context, uint64_t operation, promethean_status status, promethean_plugin_bytes message);
  void (*wake)(void *context);
} promethean_host;

typedef struct promethean_plugin {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;
  promethean_bytes id;
  promethean_status (*create)(const promethean_host *host, void **instance);
  promethean_status (*start)(void *instance, uint64_t operation);
  promethean_status (*deliver)(void *instance, uint64_t delivery, const promethean_host_envelope *envelope);
  void (*completed)(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                    const promethean_host_envelope *result);
  void (*poll)(void *instance);
  promethean_status (*stop)(void *instance, uint64_t operation);
  void (*destroy)(void *instance);
  const void *(*extension)(void *instance, promethean_host_bytes id);
} promethean_plugin;

const promethean_plugin *promethean_plugin_entry_v1(void);

#define PROMETHEAN_SETTLE_ACK 0
#define PROMETHEAN_SETTLE_RETRY 1

#define PROMETHEAN_SUBSCRIBE_V1 "promethean.subscribe/1"
typedef struct promethean_subscribe_v1 {
  uint32_t struct_size;
  promethean_status (*subscribe)(void *context, promethean_plugin_bytes pattern, uint64_t token);
  promethean_status (*settle)(void *context, uint64_t delivery, int32_t how, promethean_plugin_bytes reason);
  promethean_status (*respond)(void *context, uint64_t delivery, const promethean_plugin_envelope *envelope);
} promethean_subscribe_v1;

#define PROMETHEAN_STATE_V1 "promethean.state/1"
typedef struct promethean_state_v1 {
  uint32_t struct_size;
  promethean_status (*get)(void *context, promethean_plugin_bytes provider, promethean_plugin_bytes tenant,
                           promethean_plugin_bytes key, uint64_t token);
  promethean_status (*put)(void *context, promethean_plugin_bytes provider, promethean_plugin_bytes tenant,
                           promethean_plugin_bytes key, uint64_t expected, promethean_plugin_bytes document, uint64_t token);
  promethean_status (*remove)(void *context, promethean_plugin_bytes provider, promethean_plugin_bytes tenant,
                              promethean_plugin_bytes key, uint64_t token);
} promethean_state_v1;

/// An ELF note, type 1, of the version and the manifest in FILE.
#define PROMETHEAN_NOTE_FILE(FILE)                                                                                     \
  __asm__(".pushsection .note.promethean,\"a\",@note\n"                                                                \
          ".balign 4\n"                                                                                                \
          ".long 11, 9f - 8f, 1\n"                                                                                     \
          ".asciz \"Promethean\"\n"                                                                                    \
          ".balign 4\n"                                                                                                \
          "8: .short 1, 0\n"                                                                                           \
          ".incbin \"" FILE "\"\n"                                                                                     \
          "9: .balign 4\n"                                                                                             \
          ".popsection\n");

#endif
