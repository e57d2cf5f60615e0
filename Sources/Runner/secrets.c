// The credentials of the instance's tenant, as the plugin sees them.

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runner.h"

static promethean_status find(void *context, promethean_plugin_bytes name, promethean_host_bytes *value) {
  size_t size = 0;
  const uint8_t *found = vault_find(&((runner *)context)->vault, name.data, name.size, &size);
  *value = bytes_of(found, size);
  return found ? PROMETHEAN_OK : PROMETHEAN_NOT_FOUND;
}

/// Tells a plugin that wants to know.
static void tell(runner *runner) {
  const promethean_secrets_changed_v1 *hearer =
      plugin_extension(runner, PROMETHEAN_SECRETS_CHANGED_V1, sizeof *hearer);
  if (hearer) hearer->changed(runner->instance);
}

void secrets_take(runner *runner, uint8_t *body, size_t size) {
  int had_some = runner->vault.current >= 0;
  int put = vault_put(&runner->vault, body, size);
  // The end of the message lies there twice: its body was moved over its head.
  explicit_bzero(body, size + sizeof(wire_control));
  if (put != 0) {
    dprintf(STDERR_FILENO, "promethean-runner: the credentials of the host's are malformed\n");
    _exit(EXIT_BROKEN);
  }
  // The first ones come before `start`, which is when a plugin looks for them.
  if (had_some) tell(runner);
  vault_wipe_old(&runner->vault);
  runner_wake(runner);
}

const promethean_secrets_v1 secrets_v1 = {sizeof secrets_v1, find};
