// From `create` to `destroy`, step by step as the host asks.

#include <unistd.h>

#include "control.h"
#include "runner.h"

/// Unknown numbers of a newer header count as failed.
static promethean_status known(promethean_status status) {
  return status <= 0 && status >= PROMETHEAN_CONFLICT ? status : PROMETHEAN_FAILED;
}

void lifecycle_create(runner *runner) {
  runner->error.size = 0;
  promethean_status status = runner->plugin.create(&runner->host, &runner->instance);
  if (status == PROMETHEAN_OK) return;
  outbox_flush(&runner->outbox);
  const error_text *error = &runner->error;
  static const char none[] = "no reason given";
  const char *why = error->size ? (const char *)error->bytes : none;
  control_fail(WIRE_STAGE_CREATE, "%s (%s): create returned %d: %.*s", runner->setup.plugin_id, runner->setup.library,
               status, error->size ? (int)error->size : (int)sizeof none - 1, why);
}

static void started(runner *runner, promethean_status status, const error_text *text) {
  runner->phase = status == PROMETHEAN_OK ? PHASE_RUNNING : PHASE_FAILED;
  outbox_flush(&runner->outbox);
  if (status == PROMETHEAN_OK) health_check(runner, runner_now());
  control_send(WIRE_STARTED, status, 0, text->bytes, status == PROMETHEAN_OK ? 0 : text->size);
}

_Noreturn static void stopped(runner *runner, promethean_status status, const error_text *text) {
  runner->plugin.destroy(runner->instance);
  outbox_flush(&runner->outbox);
  control_send(WIRE_STOPPED, status, 0, text->bytes, status == PROMETHEAN_OK ? 0 : text->size);
  // Without the plugin's destructors and exit handlers: it has had its turn.
  _exit(0);
}

static void start(runner *runner) {
  runner->phase = PHASE_STARTING;
  runner->error.size = 0;
  promethean_status status = runner->plugin.start(runner->instance, OPERATION_START);
  outbox_flush(&runner->outbox);
  if (status != PROMETHEAN_PENDING) started(runner, known(status), &runner->error);
}

static void stop(runner *runner) {
  phase before = runner->phase;
  runner->phase = PHASE_STOPPING;
  runner->error.size = 0;
  // What never started has nothing to stop.
  if (before == PHASE_CREATED || before == PHASE_FAILED) stopped(runner, PROMETHEAN_OK, &runner->error);
  promethean_status status = runner->plugin.stop(runner->instance, OPERATION_STOP);
  outbox_flush(&runner->outbox);
  if (status != PROMETHEAN_PENDING) stopped(runner, known(status), &runner->error);
}

void lifecycle_control(runner *runner, uint32_t kind) {
  if (kind == WIRE_START && runner->phase == PHASE_CREATED) start(runner);
  else if (kind == WIRE_STOP && runner->phase != PHASE_STOPPING) stop(runner);
  else if (kind == WIRE_GIVE && runner->phase == PHASE_RUNNING) handover_give(runner);
  else if (kind == WIRE_RESUME && runner->phase == PHASE_RUNNING) handover_resume(runner);
}

void lifecycle_complete(runner *runner) {
  completion *start = &runner->completions[OPERATION_START], *stop = &runner->completions[OPERATION_STOP];
  // Said once, and by then nobody writes to it any more.
  if (runner->phase == PHASE_STARTING && atomic_load(&start->is_said))
    started(runner, known(start->status), &start->text);
  if (runner->phase == PHASE_STOPPING && atomic_load(&stop->is_said)) stopped(runner, known(stop->status), &stop->text);
}
