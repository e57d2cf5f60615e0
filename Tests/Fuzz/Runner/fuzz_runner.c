#include "fuzz_runner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "envelope_codec.h"
#include "runner.h"

/// Where the runner's last act leads, which would end the process.
static jmp_buf end;
/// Why it came to that.
static char why[CONTROL_TEXT_MAX];

_Noreturn static void give_up(int status) { longjmp(end, status ? status : 1); }

static void say(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(why, sizeof why, format, arguments);
  va_end(arguments);
}

// The runner's own files, whose ends are the two above.
#define _exit(status) give_up(status)
#define dprintf(descriptor, ...) say(__VA_ARGS__)
#include "../../../Sources/Runner/delivery.c"
#include "../../../Sources/Runner/envelope_codec.c"
#include "../../../Sources/Runner/setup.c"

// MARK: - What stands around them

static const uint8_t *control_bytes;
static size_t control_size;

long control_receive(uint8_t *buffer, int wait, wire_control *head, int *descriptor) {
  (void)wait;
  *descriptor = -1;
  size_t size = control_size < WIRE_CONTROL_MAX ? control_size : WIRE_CONTROL_MAX;
  if (size < sizeof *head) {
    say("the host has gone");
    give_up(1);
  }
  memcpy(head, control_bytes, sizeof *head);
  memcpy(buffer, control_bytes + sizeof *head, size - sizeof *head);
  return (long)(size - sizeof *head);
}

void control_fail(uint64_t stage, const char *format, ...) {
  (void)stage;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(why, sizeof why, format, arguments);
  va_end(arguments);
  give_up(1);
}

/// Something that depends on all that was looked at, so that the looking is not left out.
static volatile uint64_t seen;

static void look(promethean_bytes bytes) {
  for (uint64_t i = 0; i < bytes.size; i++) seen += bytes.data[i];
}

static void look_at(const promethean_envelope *envelope) {
  if (!envelope) return;
  for (int i = 0; i < ENVELOPE_FIELDS; i++) look(text(envelope, i));
  look(envelope->payload);
}

promethean_status outbox_send(outbox *outbox, wire_frame frame, promethean_bytes body) {
  (void)outbox;
  look(body);
  // Now and then there is no room, and the frame stays owed.
  return frame.token % 5 == 4 ? PROMETHEAN_AGAIN : PROMETHEAN_OK;
}

static runner subject;

/// A plugin whose every answer hangs on the delivery's token.
static promethean_status deliver_any(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance;
  look_at(envelope);
  promethean_bytes words = envelope->payload;
  if (words.size > ERROR_MAX) words.size = ERROR_MAX;
  if (words.size) memcpy(subject.error.bytes, words.data, words.size);
  subject.error.size = delivery & 1 ? (uint32_t)words.size : 0;
  return (promethean_status)((int)(delivery >> 8 & 31) - 16);
}

static void completed_any(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                          const promethean_host_envelope *result) {
  (void)instance, (void)token, (void)status;
  look(message);
  look_at(result);
}

// MARK: - What is driven

const char *fuzz_runner_setup(const uint8_t *message, size_t size) {
  static setup taken;
  control_bytes = message;
  control_size = size;
  if (setjmp(end)) return why;
  setup_receive(&taken);
  const char *texts[] = {taken.library, taken.plugin_id, taken.instance_name, taken.provider,
                         taken.tenant,  taken.config,    taken.config_rev,    taken.binding};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) look(bytes_of(texts[i], strlen(texts[i])));
  sandbox_plan plan = setup_plan(&taken);
  for (uint32_t i = 0; i < plan.path_count; i++) look(bytes_of(plan.paths[i].path, strlen(plan.paths[i].path)));
  return NULL;
}

const char *fuzz_runner_frame(const uint8_t *frame, size_t size) {
  memset(&subject, 0, sizeof subject);
  subject.phase = size % 7 ? PHASE_RUNNING : PHASE_STOPPING;
  subject.plugin = (promethean_plugin){.deliver = deliver_any, .completed = completed_any};
  if (setjmp(end)) return why;
  delivery_take(&subject, frame, size);
  return NULL;
}

uint64_t fuzz_runner_again(const uint8_t *bytes, uint64_t size, uint8_t *into) {
  promethean_envelope view, accepted;
  if (envelope_view(bytes, size, &view) != ENVELOPE_OK) return 0;
  if (envelope_accept((const promethean_plugin_envelope *)&view, &accepted)) return 0;
  envelope_encode(&accepted, into);
  return envelope_size(&accepted);
}
