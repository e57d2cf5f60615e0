// A plugin that dials, and that has credentials; it does what the intent of an envelope says.

#include <errno.h>
#include <fcntl.h>
#include <promethean/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const promethean_host *host;
static const promethean_log_v1 *log_;
static const promethean_dial_v1 *dial;
static const promethean_secrets_v1 *secrets;
static int takes = 1;

static promethean_bytes text(const char *string) {
  return (promethean_bytes){.data = (const uint8_t *)string, .size = strlen(string)};
}

static int is(promethean_bytes bytes, const char *string) {
  return bytes.size == strlen(string) && !memcmp(bytes.data, string, bytes.size);
}

static void say(const char *line) { log_->write(host->context, PROMETHEAN_LOG_INFO, text(line), text("")); }

static const void *extension(const char *id) { return host->extension(host->context, text(id)); }

/// Says how long a credential is and what its bytes add up to: enough to know it by, and not the thing itself.
static void say_secret(const char *when, const char *name) {
  char line[128];
  promethean_bytes value;
  unsigned sum = 0;
  int status = secrets ? secrets->find(host->context, text(name), &value) : PROMETHEAN_DENIED;
  for (uint64_t i = 0; status == PROMETHEAN_OK && i < value.size; i++) sum += value.data[i];
  if (status == PROMETHEAN_OK) snprintf(line, sizeof line, "%s: %s is %u bytes, %u", when, name, (unsigned)value.size, sum);
  else snprintf(line, sizeof line, "%s: %s: status %d", when, name, status);
  say(line);
}

static promethean_status create(const promethean_host *given, void **instance) {
  host = given;
  log_ = extension(PROMETHEAN_LOG_V1);
  dial = extension(PROMETHEAN_DIAL_V1);
  secrets = extension(PROMETHEAN_SECRETS_V1);
  *instance = NULL;
  say_secret("create", "token");
  return PROMETHEAN_OK;
}

static promethean_status start(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
  say_secret("start", "token");
  return PROMETHEAN_OK;
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance, (void)delivery;
  promethean_bytes intent = envelope->intent;
  char payload[200];
  snprintf(payload, sizeof payload, "%.*s", (int)envelope->payload.size, envelope->payload.data);
  if (is(intent, "Fill")) {
    while (dup(0) >= 0) {}
    return PROMETHEAN_OK;
  }
  if (is(intent, "Secret")) {
    say_secret("asked", payload);
    return PROMETHEAN_OK;
  }
  takes = !is(intent, "DialAndLeave");
  char *colon = strrchr(payload, ':');
  *colon = 0;
  int network = is(intent, "DialUDP") ? PROMETHEAN_DIAL_UDP : PROMETHEAN_DIAL_TCP;
  uint16_t port = (uint16_t)atoi(colon + 1);
  if (dial && dial->dial(host->context, network, text(payload), port, 11) == PROMETHEAN_PENDING) return PROMETHEAN_OK;
  say("no dial");
  return PROMETHEAN_OK;
}

/// Talks over a connection, after trying to turn it elsewhere.
static void use(int connection) {
  char line[128];
  struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
  int turned = connect(connection, &nowhere, sizeof nowhere) == 0;
  int blocking = !(fcntl(connection, F_GETFL) & O_NONBLOCK), inherited = !(fcntl(connection, F_GETFD) & FD_CLOEXEC);
  int option = 1, set = setsockopt(connection, SOL_SOCKET, SO_BROADCAST, &option, sizeof option) == 0;
  long sent = write(connection, "hello", 5);
  snprintf(line, sizeof line, "sent %ld, turned %d, blocking %d, inherited %d, option %d", sent, turned, blocking, inherited,
           set);
  say(line);
  close(connection);
}

static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result) {
  (void)instance, (void)result;
  char line[256];
  snprintf(line, sizeof line, "completed %llu %d %.*s", (unsigned long long)token, status, (int)message.size, message.data);
  say(line);
  if (status != PROMETHEAN_OK || !takes) return;
  int connection = dial->take(host->context, token);
  if (connection >= 0 && dial->take(host->context, token) < 0) use(connection);
}

static void poll_(void *instance) { (void)instance; }

static promethean_status stop(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
  return PROMETHEAN_OK;
}

static void destroy(void *instance) { (void)instance; }

static void changed(void *instance) {
  (void)instance;
  say_secret("changed", "token");
}

static const promethean_secrets_changed_v1 hearer = {sizeof hearer, changed};

static const void *find(void *instance, promethean_host_bytes id) {
  (void)instance;
  return is(id, PROMETHEAN_SECRETS_CHANGED_V1) ? &hearer : NULL;
}

static const promethean_plugin table = {
    .struct_size = sizeof table,
    .abi_major = PROMETHEAN_ABI_MAJOR,
    .abi_minor = PROMETHEAN_ABI_MINOR,
    .id = {(const uint8_t *)"fixture", 7},
    .create = create,
    .start = start,
    .deliver = deliver,
    .completed = completed,
    .poll = poll_,
    .stop = stop,
    .destroy = destroy,
    .extension = find,
};

const promethean_plugin *promethean_plugin_entry_v1(void) { return &table; }
