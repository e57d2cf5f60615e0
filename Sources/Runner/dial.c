// Connections, which only the host can make: asked for through the ring, handed over on the control socket.

#include <envelope_layout.h>
#include <string.h>
#include <unistd.h>

#include "runner.h"

static promethean_status dial(void *context, int32_t network, promethean_plugin_bytes host, uint16_t port,
                              uint64_t token) {
  if (network != PROMETHEAN_DIAL_TCP && network != PROMETHEAN_DIAL_UDP) return refuse("dial", "network");
  if (!host.size || host.size > ENVELOPE_FIELD_MAX) return refuse("dial", "host");
  if (!port) return refuse("dial", "port");
  wire_frame frame = {.op = WIRE_DIAL, .argument = (int16_t)network, .token = token};
  outbox *outbox = &((runner *)context)->outbox;
  promethean_status status;
  uint8_t *place = outbox_begin(outbox, frame, sizeof port + host.size, &status);
  if (!place) return status;
  memcpy(place, &port, sizeof port);
  memcpy(place + sizeof port, host.data, host.size);
  outbox_end(outbox);
  return PROMETHEAN_PENDING;
}

static int32_t take(void *context, uint64_t token) {
  dialed *dialed = &((runner *)context)->dialed;
  if (dialed->token != token) return -1;
  int descriptor = dialed->descriptor;
  dialed->descriptor = -1;
  return descriptor;
}

void dial_complete(runner *runner, uint64_t token, int descriptor, promethean_bytes address) {
  static const char full[] = "the plugin has no descriptor left for the connection; see limits.descriptors";
  // A call of `completed` may dial again, but the answer comes in another message.
  runner->dialed = (dialed){.token = token, .descriptor = descriptor};
  if (descriptor < 0)
    runner->plugin.completed(runner->instance, token, PROMETHEAN_FAILED, bytes_of(full, sizeof full - 1), NULL);
  else
    runner->plugin.completed(runner->instance, token, PROMETHEAN_OK, address, NULL);
  if (runner->dialed.descriptor >= 0) close(runner->dialed.descriptor);
  runner->dialed = (dialed){.token = 0, .descriptor = -1};
  runner_wake(runner);
}

const promethean_dial_v1 dial_v1 = {sizeof dial_v1, dial, take};
