// A worker that counts the numbered events that it takes, in a document that the host keeps ("promethean.state/1").
//
// It is built against ABI 1.0 as its author had it, or against the header of today if CURRENT is defined; then MAJOR and
// MINOR may be too, and DEADLY has it die of being mapped. Of an upgrade that goes wrong: SPOIL has it write its document
// in another format, remove it, and not start; LINGER write it likewise, say so, and start for ever; and DIE_AT_FIRST end
// when it has counted something.
//
// `report` is answered with what it knows, `document` with what the host keeps for it.

#ifdef CURRENT
#include <promethean/plugin.h>
#ifdef MAJOR
#undef PROMETHEAN_ABI_MAJOR
#define PROMETHEAN_ABI_MAJOR MAJOR
#endif
#ifdef MINOR
#undef PROMETHEAN_ABI_MINOR
#define PROMETHEAN_ABI_MINOR MINOR
#endif
#include <promethean/note.h>
#else
#include "abi-1.0.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

PROMETHEAN_NOTE_FILE(MANIFEST)

/// What is asked of the host; any other token is that of a delivery.
enum { READ = 1, SHOW = 2, WRITE = 3, REMOVE = 4, FIRST_DELIVERY = 16 };

static const promethean_host *host;
static const promethean_subscribe_v1 *subscribing;
static const promethean_state_v1 *keeping;
static uint64_t starting, asked;
static long long total;
/// How often the host asked for something that this plugin has never heard of.
static unsigned unknown;

#ifdef DEADLY
__attribute__((constructor)) static void die(void) { abort(); }
#endif

static promethean_bytes text(const char *string) {
  return (promethean_bytes){.data = (const uint8_t *)string, .size = strlen(string)};
}

static int is(promethean_bytes bytes, const char *string) {
  return bytes.size == strlen(string) && !memcmp(bytes.data, string, bytes.size);
}

static promethean_status respond(uint64_t delivery, const char *json) {
  promethean_envelope answer = {.struct_size = sizeof answer, .payload = text(json)};
  return subscribing->respond(host->context, delivery, &answer) == PROMETHEAN_OK ? PROMETHEAN_PENDING : PROMETHEAN_FAILED;
}

static promethean_status get(uint64_t token) {
  return keeping->get(host->context, text("echo"), text("demo"), text("total"), token);
}

static promethean_status put(const char *document, uint64_t token) {
  return keeping->put(host->context, text("echo"), text("demo"), text("total"), UINT64_MAX, text(document), token);
}

static promethean_status create(const promethean_host *given, void **instance) {
  host = given;
  subscribing = host->extension(host->context, text(PROMETHEAN_SUBSCRIBE_V1));
  keeping = host->extension(host->context, text(PROMETHEAN_STATE_V1));
  *instance = NULL;
  return host->struct_size >= sizeof *host && subscribing && keeping ? PROMETHEAN_OK : PROMETHEAN_DENIED;
}

static promethean_status start(void *instance, uint64_t operation) {
  (void)instance;
  starting = operation;
  return get(READ);
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance;
  char words[128];
  if (is(envelope->intent, "report")) {
    snprintf(words, sizeof words, "{\"total\":%lld,\"unknown\":%u,\"built\":\"%d.%d\",\"host\":\"%u.%u\"}", total, unknown,
             PROMETHEAN_ABI_MAJOR, PROMETHEAN_ABI_MINOR, host->abi_major, host->abi_minor);
    return respond(delivery, words);
  }
  if (is(envelope->intent, "document")) {
    asked = delivery;
    return get(SHOW);
  }
  snprintf(words, sizeof words, "%lld", ++total);
  return put(words, delivery + FIRST_DELIVERY);
}

static void show(promethean_status status, const promethean_host_envelope *result) {
  char json[256];
  if (status == PROMETHEAN_OK)
    snprintf(json, sizeof json, "{\"document\":\"%.*s\",\"version\":%.*s}", (int)result->payload.size,
             (const char *)result->payload.data, (int)result->config_rev.size, (const char *)result->config_rev.data);
  respond(asked, status == PROMETHEAN_OK ? json : "{}");
}

static void begun(promethean_status status, const promethean_host_envelope *result) {
  char copy[32] = "";
  if (status == PROMETHEAN_OK) memcpy(copy, result->payload.data, result->payload.size < 31 ? result->payload.size : 31);
  total = atoll(copy);
#if defined SPOIL || defined LINGER
  put("another format", WRITE);
#else
  host->complete(host->context, starting, status == PROMETHEAN_NOT_FOUND ? PROMETHEAN_OK : status, text(""));
#endif
}

static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result) {
  (void)instance, (void)message;
  if (token == READ) begun(status, result);
  else if (token == SHOW) show(status, result);
#ifdef LINGER
  else if (token == WRITE) fprintf(stderr, "it has written\n");
#endif
  else if (token == WRITE) keeping->remove(host->context, text("echo"), text("demo"), text("total"), REMOVE);
  else if (token == REMOVE) host->complete(host->context, starting, PROMETHEAN_FAILED, text("no way to migrate"));
  else {
#ifdef DIE_AT_FIRST
    abort();
#endif
    int32_t how = status == PROMETHEAN_OK ? PROMETHEAN_SETTLE_ACK : PROMETHEAN_SETTLE_RETRY;
    subscribing->settle(host->context, token - FIRST_DELIVERY, how, text("it could not be written"));
  }
}

static void poll(void *instance) { (void)instance; }

static promethean_status stop(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
  return PROMETHEAN_OK;
}

static void destroy(void *instance) { (void)instance; }

static const void *extension(void *instance, promethean_host_bytes id) {
  (void)instance, (void)id;
  unknown++;
  return NULL;
}

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
    .extension = extension,
};

__attribute__((visibility("default"))) const promethean_plugin *promethean_plugin_entry_v1(void) { return &table; }
