// Frames from the host, and what `deliver` returned for them.

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "envelope_codec.h"
#include "runner.h"

/// Owes the host a frame, and tries to send it at once.
static void owe(runner *runner, wire_frame frame, uint64_t size) {
  runner->debt.frame = frame;
  runner->debt.size = size;
  runner->debt.is_owed = 1;
  delivery_pay(runner);
}

int delivery_pay(runner *runner) {
  debt *debt = &runner->debt;
  if (!debt->is_owed) return 1;
  promethean_bytes body = bytes_of(debt->body, debt->size);
  promethean_status sent = outbox_send(&runner->outbox, debt->frame, body);
  if (sent == PROMETHEAN_AGAIN) return 0;
  debt->is_owed = 0;
  return 1;
}

/// Why a delivery failed: what the plugin said, or at least what it returned.
static promethean_bytes reason(runner *runner, promethean_status status, char *spare, size_t size) {
  if (runner->error.size) return bytes_of(runner->error.bytes, runner->error.size);
  int length = snprintf(spare, size, "deliver returned %d and gave no reason", status);
  return bytes_of(spare, (uint64_t)length);
}

/// Says how a delivery ended; of one that is not recorded, whose token is 0, nobody wants to know.
static void owe_settlement(runner *runner, uint64_t delivery, int16_t how, promethean_bytes why) {
  if (!delivery) return;
  if (why.size) memcpy(runner->debt.body, why.data, why.size);
  owe(runner, (wire_frame){.op = WIRE_SETTLE, .argument = how, .token = delivery}, why.size);
}

/// An answer without content, or one whose payload says why there is none.
static void owe_answer(runner *runner, uint64_t delivery, promethean_status status, promethean_bytes why) {
  static const char plain[] = "text/plain";
  promethean_envelope answer = {.struct_size = sizeof answer, .payload = why};
  if (status != PROMETHEAN_OK) answer.content_type = bytes_of(plain, sizeof plain - 1);
  envelope_encode(&answer, runner->debt.body);
  wire_frame frame = {.op = WIRE_RESPOND, .argument = (int16_t)status, .token = delivery};
  owe(runner, frame, envelope_size(&answer));
}

static void deliver(runner *runner, uint64_t delivery, const promethean_envelope *envelope) {
  runner->error.size = 0;
  promethean_status status = runner->plugin.deliver(runner->instance, delivery, envelope);
  if (status == PROMETHEAN_PENDING) return;
  // No room to do it in: it was not tried, and a request is not answered.
  if (status == PROMETHEAN_AGAIN) return owe_settlement(runner, delivery, PROMETHEAN_SETTLE_RELEASE, bytes_of(NULL, 0));
  char spare[64];
  promethean_bytes why = status == PROMETHEAN_OK ? bytes_of(NULL, 0) : reason(runner, status, spare, sizeof spare);
  if (status > 0 || status < PROMETHEAN_CONFLICT) status = PROMETHEAN_FAILED;
  if (envelope->flags & PROMETHEAN_FLAG_REQUEST) owe_answer(runner, delivery, status, why);
  else owe_settlement(runner, delivery, status == PROMETHEAN_OK ? PROMETHEAN_SETTLE_ACK : PROMETHEAN_SETTLE_RETRY, why);
}

/// The host is trusted, so what is wrong with its bytes is wrong with the memory of this process.
_Noreturn static void broken(const char *what) {
  dprintf(STDERR_FILENO, "promethean-runner: a frame of the host's is %s\n", what);
  _exit(EXIT_BROKEN);
}

void delivery_take(runner *runner, const uint8_t *frame, size_t size) {
  wire_frame head;
  if (size < sizeof head) broken("too short");
  memcpy(&head, frame, sizeof head);
  const uint8_t *body = frame + sizeof head;
  size -= sizeof head;
  if (head.size != size) broken("of another size than it says");
  promethean_envelope envelope;
  if (head.op != WIRE_RESULT && envelope_view(body, size, &envelope) != 0) broken("no envelope");
  switch (head.op) {
  case WIRE_DELIVER:
    if (runner->phase == PHASE_RUNNING) deliver(runner, head.token, &envelope);
    else owe_settlement(runner, head.token, PROMETHEAN_SETTLE_RELEASE, bytes_of(NULL, 0));
    break;
  case WIRE_RESULT:
    runner->plugin.completed(runner->instance, head.token, head.argument, bytes_of(body, size), NULL);
    break;
  case WIRE_RESULT_ENVELOPE:
    runner->plugin.completed(runner->instance, head.token, head.argument, bytes_of(NULL, 0), &envelope);
    break;
  default: broken("of an unknown kind");
  }
}
