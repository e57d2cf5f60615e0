// The one instance of this process.

#ifndef RUNNER_H
#define RUNNER_H

#include <promethean/plugin.h>
#include <stdatomic.h>

#include "outbox.h"
#include "setup.h"
#include "timers.h"
#include "vault.h"

/// Bytes of an error text of the plugin's that are kept.
#define ERROR_MAX 1024

/// The operations that a plugin can leave PENDING.
#define OPERATION_START 1
#define OPERATION_STOP 2

typedef enum phase { PHASE_CREATED, PHASE_STARTING, PHASE_RUNNING, PHASE_FAILED, PHASE_STOPPING } phase;

typedef struct error_text {
  uint32_t size;
  uint8_t bytes[ERROR_MAX];
} error_text;

/// How `start` or `stop` ended, said by any thread.
typedef struct completion {
  atomic_int is_said;
  promethean_status status;
  error_text text;
} completion;

/// A frame that the runner owes the host for what `deliver` returned, until it has found room. No other delivery is
/// made meanwhile.
typedef struct debt {
  int is_owed;
  wire_frame frame;
  uint64_t size;
  uint8_t body[2 * ERROR_MAX];
} debt;

/// The connection that the call of `completed` under way is about.
typedef struct dialed {
  uint64_t token;
  /// -1: none, or taken.
  int descriptor;
} dialed;

/// What of the plugin's own extensions the runner speaks, NULL where it has none, and how it said last that it is.
typedef struct extras {
  const promethean_health_v1 *health;
  const promethean_handover_v1 *handover;
  promethean_status was;
  int64_t check_due;
} extras;

typedef struct runner {
  setup setup;
  promethean_host host;
  promethean_plugin plugin;
  void *instance;
  phase phase;
  ring inbox;
  outbox outbox;
  timers timers;
  debt debt;
  /// Why the call that the plugin is in fails.
  error_text error;
  completion completions[3];
  pthread_mutex_t completion_lock;
  atomic_int poll_is_due;
  dialed dialed;
  vault vault;
  extras extras;
} runner;

/// Makes the host's table, by which the plugin sees this runner.
void host_prepare(runner *runner);
/// The extension of that id, NULL if it is unknown or not granted.
const void *extension_find(runner *runner, promethean_bytes id);

/// Maps the library and accepts its table, or ends the process with a message.
void library_load(runner *runner, const char *path);

/// Asks for a poll. [any]
void runner_wake(runner *runner);
/// Has the loop look at what is due. [any]
void runner_rouse(runner *runner);
/// Keeps up to ERROR_MAX bytes of a text, whole characters only.
void error_keep(error_text *into, promethean_bytes text);
/// Bytes of `text` up to a limit, whole characters only.
promethean_bytes text_cut(promethean_bytes text, uint64_t limit);

/// Calls `create`, or ends the process with a message.
void lifecycle_create(runner *runner);
/// Does what the host asks by a control message.
void lifecycle_control(runner *runner, uint32_t kind);
/// Takes up what `complete` said.
void lifecycle_complete(runner *runner);

/// Hands the plugin one frame of the host's.
void delivery_take(runner *runner, const uint8_t *frame, size_t size);
/// Sends the frame that is owed, if there is one. Returns whether nothing is owed now.
int delivery_pay(runner *runner);

/// Hands the plugin the connection that it has dialled, and closes it if it is not taken.
void dial_complete(runner *runner, uint64_t token, int descriptor, promethean_bytes address);
/// Takes the credentials that the host has sent, wipes them where they lay, and tells the plugin of newer ones.
void secrets_take(runner *runner, uint8_t *body, size_t size);

/// An extension of the plugin's of at least that size, NULL if it has none.
const void *plugin_extension(runner *runner, const char *id, size_t size);

/// Looks for what the plugin can do beyond its table, once it is created. Returns bits WIRE_HAS_….
uint64_t extras_find(runner *runner);
/// Asks the plugin how it is, if it can say and that is due, and tells the host if that has changed.
void health_check(runner *runner, int64_t now);
/// Has the plugin give, take or go on.
void handover_give(runner *runner);
void handover_take(runner *runner, uint32_t version, promethean_bytes state);
void handover_resume(runner *runner);

extern const promethean_dial_v1 dial_v1;
extern const promethean_secrets_v1 secrets_v1;

/// Refuses a call. There is no way to give its caller a text, so it goes where the host collects what a plugin says.
promethean_status refuse(const char *call, const char *why);

/// Nanoseconds that never run backwards.
int64_t runner_now(void);
/// Runs the instance to its end.
_Noreturn void loop_run(runner *runner);

static inline promethean_bytes bytes_of(const void *data, uint64_t size) {
  return (promethean_bytes){.data = data, .size = size};
}

#endif
