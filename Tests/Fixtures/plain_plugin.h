// What plugins in plain C have in common that are made to be tested or measured with: texts, the host's extensions, and
// the table that they export.
//
// A plugin defines ID, includes this, and defines `deliver`. Each other function is here for those that need nothing of
// it; one that has its own defines HAS_…, as below, before it includes this. There is one instance
// of a plugin in a process, so the host is a variable.

#ifndef PLAIN_PLUGIN_H
#define PLAIN_PLUGIN_H

#include <promethean/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const promethean_host *host;
static const promethean_log_v1 *logging;
static const promethean_publish_v1 *publishing;
static const promethean_request_v1 *requesting;
static const promethean_subscribe_v1 *subscribing;
static const promethean_clock_v1 *timing;
static const promethean_state_v1 *keeping;

static inline promethean_bytes text(const char *string) {
  return (promethean_bytes){.data = (const uint8_t *)string, .size = strlen(string)};
}

static inline int is(promethean_bytes bytes, const char *string) {
  return bytes.size == strlen(string) && !memcmp(bytes.data, string, bytes.size);
}

/// The whole number behind `"name":` in a flat JSON object, or `otherwise`.
static inline long long number(promethean_bytes json, const char *name, long long otherwise) {
  char copy[PROMETHEAN_PAYLOAD_MAX + 1], key[64];
  uint64_t size = json.size < PROMETHEAN_PAYLOAD_MAX ? json.size : PROMETHEAN_PAYLOAD_MAX;
  memcpy(copy, json.data, size);
  copy[size] = 0;
  snprintf(key, sizeof key, "\"%s\":", name);
  const char *found = strstr(copy, key);
  return found ? atoll(found + strlen(key)) : otherwise;
}

static inline void find_extensions(const promethean_host *given) {
  host = given;
  logging = host->extension(host->context, text(PROMETHEAN_LOG_V1));
  publishing = host->extension(host->context, text(PROMETHEAN_PUBLISH_V1));
  requesting = host->extension(host->context, text(PROMETHEAN_REQUEST_V1));
  subscribing = host->extension(host->context, text(PROMETHEAN_SUBSCRIBE_V1));
  timing = host->extension(host->context, text(PROMETHEAN_CLOCK_V1));
  keeping = host->extension(host->context, text(PROMETHEAN_STATE_V1));
}

static inline promethean_status respond(uint64_t delivery, const char *json) {
  promethean_envelope answer = {.struct_size = sizeof answer, .payload = text(json)};
  promethean_status status = subscribing->respond(host->context, delivery, &answer);
  return status == PROMETHEAN_OK ? PROMETHEAN_PENDING : status;
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope);

#ifdef HAS_CREATE
static promethean_status create(const promethean_host *given, void **instance);
#else
static promethean_status create(const promethean_host *given, void **instance) {
  find_extensions(given);
  *instance = NULL;
  return PROMETHEAN_OK;
}
#endif

#ifdef HAS_START
static promethean_status start(void *instance, uint64_t operation);
#else
static promethean_status start(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
  return PROMETHEAN_OK;
}
#endif

#ifdef HAS_COMPLETED
static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result);
#else
static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result) {
  (void)instance, (void)token, (void)status, (void)message, (void)result;
}
#endif

#ifdef HAS_POLL
static void poll(void *instance);
#else
static void poll(void *instance) { (void)instance; }
#endif

#ifdef HAS_STOP
static promethean_status stop(void *instance, uint64_t operation);
#else
static promethean_status stop(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
  return PROMETHEAN_OK;
}
#endif

static void destroy(void *instance) { free(instance); }

#ifdef HAS_EXTENSIONS
static const void *extension(void *instance, promethean_host_bytes id);
#endif

static const promethean_plugin table = {
    .struct_size = sizeof table,
    .abi_major = PROMETHEAN_ABI_MAJOR,
    .abi_minor = PROMETHEAN_ABI_MINOR,
    .id = {(const uint8_t *)ID, sizeof ID - 1},
    .create = create,
    .start = start,
    .deliver = deliver,
    .completed = completed,
    .poll = poll,
    .stop = stop,
    .destroy = destroy,
#ifdef HAS_EXTENSIONS
    .extension = extension,
#endif
};

__attribute__((visibility("default"))) const promethean_plugin *promethean_plugin_entry_v1(void) { return &table; }

#endif
