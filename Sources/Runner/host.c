// The host's table.

#include <string.h>
#include <unistd.h>

#include "runner.h"

promethean_bytes text_cut(promethean_bytes text, uint64_t limit) {
  if (text.size <= limit) return text;
  text.size = limit;
  while (text.size && (text.data[text.size] & 0xC0) == 0x80) text.size--;
  return text;
}

void error_keep(error_text *into, promethean_bytes text) {
  text = text_cut(text, ERROR_MAX);
  if (text.size) memcpy(into->bytes, text.data, text.size);
  into->size = (uint32_t)text.size;
}

void runner_rouse(runner *runner) {
  // The plugin's own thread looks before it sleeps; from another it may sleep already.
  if (pthread_equal(pthread_self(), runner->outbox.main_thread)) return;
  uint64_t one = 1;
  if (write(WIRE_FD_TO_PLUGIN, &one, sizeof one) < 0) return;
}

void runner_wake(runner *runner) {
  if (!atomic_exchange(&runner->poll_is_due, 1)) runner_rouse(runner);
}

static const void *find(void *context, promethean_plugin_bytes id) { return extension_find(context, id); }

static void error_set(void *context, promethean_plugin_bytes message) {
  error_keep(&((runner *)context)->error, message);
}

static void complete(void *context, uint64_t operation, promethean_status status, promethean_plugin_bytes message) {
  runner *runner = context;
  if (operation != OPERATION_START && operation != OPERATION_STOP) return;
  completion *said = &runner->completions[operation];
  pthread_mutex_lock(&runner->completion_lock);
  if (!atomic_load(&said->is_said)) {
    said->status = status;
    error_keep(&said->text, message);
    atomic_store(&said->is_said, 1);
  }
  pthread_mutex_unlock(&runner->completion_lock);
  runner_wake(runner);
}

static void wake(void *context) { runner_wake(context); }

static promethean_bytes text(const char *string) { return bytes_of(string, strlen(string)); }

void host_prepare(runner *runner) {
  const setup *setup = &runner->setup;
  pthread_mutex_init(&runner->completion_lock, NULL);
  runner->host = (promethean_host){
      .struct_size = sizeof runner->host,
      .abi_major = PROMETHEAN_ABI_MAJOR,
      .abi_minor = PROMETHEAN_ABI_MINOR,
      .context = runner,
      .plugin_id = text(setup->plugin_id),
      .instance_name = text(setup->instance_name),
      .provider = text(setup->provider),
      .tenant = text(setup->tenant),
      .config = text(setup->config),
      .config_rev = text(setup->config_rev),
      .extension = find,
      .error_set = error_set,
      .complete = complete,
      .wake = wake,
      .binding = text(setup->binding),
  };
}
