// promethean-runner: the process that one instance of a plugin lives in.
//
// It is C, and links no more than the C library, because whatever runs before the sandbox is closed runs outside of it:
// a Swift runtime's constructors would. The host's order of work is the control protocol of wire.h.

#include <sandbox.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "dispatch_stat.h"
#include "runner.h"

#define SAME(name) _Static_assert(SANDBOX_##name == WIRE_##name, "the sandbox's numbers are those of the wire")
SAME(LEVEL_NONE);
SAME(LEVEL_LANDLOCK);
SAME(LEVEL_FULL);
SAME(STAGE_SETUP);
SAME(STAGE_LIMITS);
SAME(STAGE_NAMESPACES);
SAME(STAGE_IDENTITY);
SAME(STAGE_LANDLOCK);
SAME(STAGE_SECCOMP);
SAME(STAGE_SELF_TEST);

static runner runner_;

/// Maps the rings, and closes their memory's descriptor: mapped again, it could be made to run.
static void map_rings(runner *runner) {
  ring rings[2];
  if (ring_map(WIRE_FD_RINGS, rings) != 0) control_fail(WIRE_STAGE_SETUP, "the rings cannot be mapped: %m");
  close(WIRE_FD_RINGS);
  runner->inbox = rings[0];
  outbox_prepare(&runner->outbox, &rings[1]);
}

/// Makes the place for credentials, which the sandbox forbids to make.
static void prepare_vault(runner *runner) {
  if (!((runner->setup.head.extensions >> WIRE_EXTENSION_SECRETS) & 1)) return;
  if (vault_prepare(&runner->vault) != 0)
    control_fail(WIRE_STAGE_SETUP, "%s: there is no memory to keep credentials in: %m", runner->setup.plugin_id);
}

/// Closes the sandbox. Returns where the library is to be mapped from.
static const char *close_sandbox(const setup *setup, int vault_kind) {
  static sandbox_report report;
  sandbox_plan plan = setup_plan(setup);
  if (sandbox_close(&plan, &report) != 0) control_fail((uint64_t)report.stage, "%s: %s", setup->plugin_id, report.text);
  dispatch_stat_prepare(report.tasks);
  control_check_host();
  control_send(WIRE_SANDBOXED, vault_kind, (uint64_t)report.level, report.text, strlen(report.text));
  return report.library;
}

int main(void) {
  runner *runner = &runner_;
  setup_receive(&runner->setup);
  map_rings(runner);
  timers_prepare(&runner->timers);
  host_prepare(runner);
  prepare_vault(runner);
  const char *library = close_sandbox(&runner->setup, runner->vault.kind);
  library_load(runner, library);
  control_send(WIRE_LOADED, 0, 0, NULL, 0);
  lifecycle_create(runner);
  control_send(WIRE_CREATED, 0, extras_find(runner), NULL, 0);
  loop_run(runner);
}
