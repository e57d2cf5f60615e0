// What a plugin can do beyond its table: say how it is, and hand over to the next generation.

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "control.h"
#include "runner.h"

const void *plugin_extension(runner *runner, const char *id, size_t size) {
  if (!runner->plugin.extension) return NULL;
  const void *found = runner->plugin.extension(runner->instance, bytes_of(id, strlen(id)));
  uint32_t said;
  if (!found) return NULL;
  memcpy(&said, found, sizeof said);
  return said >= size ? found : NULL;
}

uint64_t extras_find(runner *runner) {
  extras *extras = &runner->extras;
  extras->health = plugin_extension(runner, PROMETHEAN_HEALTH_V1, sizeof *extras->health);
  extras->handover = plugin_extension(runner, PROMETHEAN_HANDOVER_V1, sizeof *extras->handover);
  // Nothing has been said: whatever comes first is news.
  extras->was = PROMETHEAN_PENDING;
  return extras->handover ? WIRE_HAS_HANDOVER : 0;
}

void health_check(runner *runner, int64_t now) {
  extras *extras = &runner->extras;
  if (!extras->health || now < extras->check_due) return;
  extras->check_due = now + (int64_t)runner->setup.head.health * 1000000;
  promethean_bytes reason = bytes_of(NULL, 0);
  promethean_status status = extras->health->check(runner->instance, &reason);
  outbox_flush(&runner->outbox);
  if (status == extras->was) return;
  extras->was = status;
  reason = text_cut(reason, ERROR_MAX);
  control_send(WIRE_HEALTH, status, 0, reason.data, status == PROMETHEAN_OK ? 0 : reason.size);
}

/// Tells the host why a call failed: what the plugin said of it by `error_set`.
static void failed(runner *runner, uint32_t kind, promethean_status status) {
  control_send(kind, status, 0, runner->error.bytes, runner->error.size);
}

static void refused(uint32_t kind, const char *why) {
  control_send(kind, PROMETHEAN_UNAVAILABLE, 0, why, strlen(why));
}

void handover_give(runner *runner) {
  const promethean_handover_v1 *handover = runner->extras.handover;
  if (!handover) return refused(WIRE_GAVE, "it cannot hand over");
  promethean_bytes state = bytes_of(NULL, 0);
  runner->error.size = 0;
  promethean_status status = handover->give(runner->instance, &state);
  outbox_flush(&runner->outbox);
  if (status != PROMETHEAN_OK) return failed(runner, WIRE_GAVE, status);
  if (state.size > PROMETHEAN_HANDOVER_MAX) {
    char why[96];
    snprintf(why, sizeof why, "it gave %llu bytes, expected at most %d", (unsigned long long)state.size,
             PROMETHEAN_HANDOVER_MAX);
    return refused(WIRE_GAVE, why);
  }
  control_send(WIRE_GAVE, PROMETHEAN_OK, handover->version, state.data, state.size);
}

void handover_take(runner *runner, uint32_t version, promethean_bytes state) {
  const promethean_handover_v1 *handover = runner->extras.handover;
  char why[128];
  if (!handover) return refused(WIRE_TOOK, "the generation before hands over what this one cannot take");
  if (version > handover->version) {
    snprintf(why, sizeof why, "the generation before gives version %u, this one takes at most %u", version,
             handover->version);
    return refused(WIRE_TOOK, why);
  }
  runner->error.size = 0;
  promethean_status status = handover->take(runner->instance, version, state);
  outbox_flush(&runner->outbox);
  if (status == PROMETHEAN_OK) control_send(WIRE_TOOK, PROMETHEAN_OK, 0, NULL, 0);
  else failed(runner, WIRE_TOOK, status);
}

void handover_resume(runner *runner) {
  if (runner->extras.handover) runner->extras.handover->resume(runner->instance);
  runner_wake(runner);
}
