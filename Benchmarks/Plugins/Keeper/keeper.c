// Counts events, and hands the count over to the next generation if its configuration says so.

#define ID "bench-keeper"
#define HAS_EXTENSIONS
#define HAS_CREATE
#include "../../../Tests/Fixtures/plain_plugin.h"

static uint64_t count;
static int hands_over;

static promethean_status create(const promethean_host *given, void **instance) {
  find_extensions(given);
  hands_over = number(host->config, "hands_over", 0) != 0;
  *instance = NULL;
  return PROMETHEAN_OK;
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance, (void)delivery, (void)envelope;
  count++;
  return PROMETHEAN_OK;
}

static promethean_status give(void *instance, promethean_plugin_bytes *state) {
  (void)instance;
  *state = (promethean_bytes){.data = (const uint8_t *)&count, .size = sizeof count};
  return PROMETHEAN_OK;
}

static promethean_status take(void *instance, uint32_t version, promethean_host_bytes state) {
  (void)instance, (void)version;
  if (state.size != sizeof count) return PROMETHEAN_INVALID;
  memcpy(&count, state.data, sizeof count);
  return PROMETHEAN_OK;
}

static void resume(void *instance) { (void)instance; }

static const promethean_handover_v1 handover = {sizeof handover, 1, give, take, resume};

static const void *extension(void *instance, promethean_host_bytes id) {
  (void)instance;
  return hands_over && is(id, PROMETHEAN_HANDOVER_V1) ? &handover : NULL;
}
