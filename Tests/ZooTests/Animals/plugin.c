// The animals in a plugin: each delivery is one attempt.

#include <promethean/plugin.h>
#include <stdio.h>
#include <string.h>

#include "zoo.h"

static const promethean_host *host;
static const promethean_log_v1 *log_;

static promethean_bytes text(const char *string) {
  return (promethean_bytes){.data = (const uint8_t *)string, .size = strlen(string)};
}

void speak(const char *line) { log_->write(host->context, PROMETHEAN_LOG_INFO, text(line), text("")); }

static promethean_status create(const promethean_host *given, void **instance) {
  *instance = NULL;
  host = given;
  log_ = host->extension(host->context, text(PROMETHEAN_LOG_V1));
  return PROMETHEAN_OK;
}

static promethean_status start(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
  return PROMETHEAN_OK;
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance, (void)delivery;
  static char message[8192];
  snprintf(message, sizeof message, "%.*s", (int)envelope->payload.size, envelope->payload.data);
  said(attempt(message) ? "done" : "there is no such attempt");
  return PROMETHEAN_OK;
}

static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result) {
  (void)instance, (void)token, (void)status, (void)message, (void)result;
}

static void poll_(void *instance) { (void)instance; }
static promethean_status stop(void *instance, uint64_t operation) { return start(instance, operation); }
static void destroy(void *instance) { (void)instance; }

const promethean_plugin *promethean_plugin_entry_v1(void) {
  static const promethean_plugin table = {
      .struct_size = sizeof table,
      .abi_major = PROMETHEAN_ABI_MAJOR,
      .abi_minor = PROMETHEAN_ABI_MINOR,
      .id = {(const uint8_t *)"fixture", 7},
      .create = create,
      .start = start,
      .deliver = deliver,
      .completed = completed,
      .poll = poll_,
      .stop = stop,
      .destroy = destroy,
  };
  return &table;
}
