// A plugin that does what the intent of an envelope says. What it is like when it is loaded is chosen when it is compiled.

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <promethean/plugin.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef ENTRY
#define ENTRY promethean_plugin_entry_v1
#endif
#ifndef MAJOR
#define MAJOR PROMETHEAN_ABI_MAJOR
#endif
#ifndef MINOR
#define MINOR PROMETHEAN_ABI_MINOR
#endif
#ifndef SIZE
#define SIZE sizeof(promethean_plugin)
#endif
#ifndef ID
#define ID "fixture"
#endif
#ifndef POLL
#define POLL poll_
#endif

static const promethean_host *host;
static const promethean_log_v1 *log_;
static const promethean_publish_v1 *publish;
static const promethean_request_v1 *request;
static const promethean_subscribe_v1 *subscribe;
static const promethean_clock_v1 *clock_;
static const promethean_state_v1 *state;
static const promethean_metrics_v1 *metrics;
static int flood_left;
static uint64_t held;

static promethean_bytes text(const char *string) {
  return (promethean_bytes){.data = (const uint8_t *)string, .size = strlen(string)};
}

static int is(promethean_bytes bytes, const char *string) {
  return bytes.size == strlen(string) && !memcmp(bytes.data, string, bytes.size);
}

static void say(const char *line) {
  if (log_) log_->write(host->context, PROMETHEAN_LOG_INFO, text(line), text(""));
}

static promethean_status send(const char *intent, uint64_t token) {
  promethean_envelope envelope = {
      .struct_size = sizeof envelope,
      .topic = text("promethean.p.echo.t.demo.events.Test"),
      .intent = text(intent),
      .payload = text("{\"some\":\"payload\"}"),
  };
  return publish->publish(host->context, &envelope, token);
}

static void flood(void) {
  while (flood_left > 0 && send("Flood", 0) == PROMETHEAN_PENDING) flood_left--;
  if (flood_left == 0) {
    flood_left = -1;
    say("flood done");
  }
}

static const void *extension(const char *id) { return host->extension(host->context, text(id)); }

/// The word for how a call ended.
static const char *outcome(int result) { return result >= 0 ? "worked" : strerrorname_np(errno); }

/// Tries a path: to read it, to write a file of it, to make one in it, to write more than is allowed, to map code from it.
static void try_path(const char *path) {
  static char block[1 << 16];
  char line[512], inner[300];
  snprintf(inner, sizeof inner, "%s/made", path);
  int directory = open(path, O_RDONLY | O_DIRECTORY);
  const char *listed = outcome(directory);
  int made = open(inner, O_CREAT | O_RDWR | O_TRUNC, 0644);
  const char *was_made = outcome(made);
  const char *written = "no file";
  for (int i = 0; made >= 0 && i < 100; i++)
    if (write(made, block, sizeof block) < (long)sizeof block) {
      written = outcome(-1);
      break;
    }
  char moved[310];
  snprintf(moved, sizeof moved, "%s.moved", inner);
  const char *was_moved = outcome(rename(inner, moved));
  snprintf(inner, sizeof inner, "%s/code.so", path);
  const char *loaded = dlopen(inner, RTLD_NOW) ? "worked" : "refused";
  const char *unlinked = outcome(unlink(moved));
  snprintf(line, sizeof line, "list %s, make %s, fill %s, move %s, remove %s, load %s", listed, was_made, written, was_moved,
           unlinked, loaded);
  say(line);
}

static promethean_status create(const promethean_host *given, void **instance) {
  host = given;
  log_ = extension(PROMETHEAN_LOG_V1);
  publish = extension(PROMETHEAN_PUBLISH_V1);
  request = extension(PROMETHEAN_REQUEST_V1);
  subscribe = extension(PROMETHEAN_SUBSCRIBE_V1);
  clock_ = extension(PROMETHEAN_CLOCK_V1);
  state = extension(PROMETHEAN_STATE_V1);
  metrics = extension(PROMETHEAN_METRICS_V1);
  *instance = NULL;
  flood_left = -1;
  if (is(host->config, "create fails")) {
    host->error_set(host->context, text("there is no such colour"));
    return PROMETHEAN_FAILED;
  }
  if (is(host->config, "create crashes")) abort();
  return PROMETHEAN_OK;
}

static void *complete_later(void *operation) {
  host->complete(host->context, (uint64_t)operation, PROMETHEAN_OK, text(""));
  return NULL;
}

static promethean_status in_thread(void *(*body)(void *), uint64_t argument) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, body, (void *)argument) != 0) return PROMETHEAN_FAILED;
  pthread_detach(thread);
  return PROMETHEAN_PENDING;
}

static promethean_status start(void *instance, uint64_t operation) {
  (void)instance;
  if (is(host->config, "start fails")) {
    host->error_set(host->context, text("the engine is cold"));
    return PROMETHEAN_UNAVAILABLE;
  }
  if (is(host->config, "start is pending")) return in_thread(complete_later, operation);
  if (is(host->config, "start hangs")) return PROMETHEAN_PENDING;
  return PROMETHEAN_OK;
}

static void *publish_from_thread(void *delivery) {
  send("FromThread", 0);
  subscribe->settle(host->context, (uint64_t)delivery, PROMETHEAN_SETTLE_ACK, text(""));
  return NULL;
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance;
  promethean_bytes intent = envelope->intent;
  char line[256];
  if (is(intent, "Ok")) return PROMETHEAN_OK;
  if (is(intent, "Fail")) {
    host->error_set(host->context, text("no paper in tray 2"));
    return PROMETHEAN_FAILED;
  }
  if (is(intent, "FailSilently")) return -4711;
  if (is(intent, "Again")) return PROMETHEAN_AGAIN;
  if (is(intent, "Describe")) {
    snprintf(line, sizeof line, "%.*s|%.*s|%.*s|%.*s|%u|%u|%lld", (int)envelope->src.size, envelope->src.data,
             (int)envelope->topic.size, envelope->topic.data, (int)envelope->key.size, envelope->key.data,
             (int)envelope->payload.size, envelope->payload.data, envelope->attempt, envelope->hops, (long long)envelope->ts);
    say(line);
    return PROMETHEAN_OK;
  }
  if (is(intent, "Measure")) {
    const promethean_metrics_v2 *labelled = extension(PROMETHEAN_METRICS_V2);
    static uint8_t much[PROMETHEAN_LABELS_SIZE + 1];
    metrics->record(host->context, PROMETHEAN_METRIC_GAUGE, text("depth"), 3);
    labelled->record(host->context, PROMETHEAN_METRIC_COUNTER, text("seen_total"), text("a=b\n"), 0.5);
    labelled->record(host->context, PROMETHEAN_METRIC_COUNTER, text("seen_total"),
                     (promethean_bytes){.data = much, .size = sizeof much}, 1);
    return PROMETHEAN_OK;
  }
  if (is(intent, "Binding")) {
    snprintf(line, sizeof line, "bound by %.*s", (int)host->binding.size, (const char *)host->binding.data);
    say(line);
    return PROMETHEAN_OK;
  }
  if (is(intent, "Extensions")) {
    snprintf(line, sizeof line, "log %d clock %d metrics %d publish %d request %d subscribe %d state %d unknown %d", !!log_,
             !!clock_, !!metrics, !!publish, !!request, !!subscribe, !!state, !!extension("promethean.telepathy/1"));
    fprintf(stderr, "%s\n", line);
    say(line);
    return PROMETHEAN_OK;
  }
  if (is(intent, "Reject")) {
    subscribe->settle(host->context, delivery, PROMETHEAN_SETTLE_REJECT, text("I never will"));
    return PROMETHEAN_PENDING;
  }
  if (is(intent, "Respond")) {
    promethean_envelope answer = {.struct_size = sizeof answer, .intent = text("Answer"), .src = text("somebody else"),
                                  .payload = text("{\"answer\":42}")};
    return subscribe->respond(host->context, delivery, &answer) == PROMETHEAN_OK ? PROMETHEAN_PENDING : PROMETHEAN_FAILED;
  }
  if (is(intent, "Publish")) return send("Published", 7) == PROMETHEAN_PENDING ? PROMETHEAN_OK : PROMETHEAN_FAILED;
  if (is(intent, "Thread")) return in_thread(publish_from_thread, delivery);
  if (is(intent, "Flood")) {
    flood_left = atoi((const char *)envelope->payload.data);
    flood();
    return PROMETHEAN_OK;
  }
  if (is(intent, "Insist")) {
    // Without returning, so that only what is on its way meanwhile makes room.
    for (int left = atoi((const char *)envelope->payload.data); left > 0;) {
      if (send("Insisted", 0) == PROMETHEAN_PENDING) left--;
      else usleep(100);
    }
    say("insisted");
    return PROMETHEAN_OK;
  }
  if (is(intent, "LogFlood")) {
    for (int i = 0; i < 100000; i++) say("a line that will not all fit");
    return PROMETHEAN_OK;
  }
  if (is(intent, "Timers")) {
    for (uint64_t token = 1; token <= 4; token++)
      clock_->after(host->context, (int64_t)(5 - token) * 2000000, token);
    return PROMETHEAN_OK;
  }
  if (is(intent, "TooManyTimers")) {
    int count = 0;
    while (clock_->after(host->context, 3600000000000, 99) == PROMETHEAN_OK) count++;
    snprintf(line, sizeof line, "%d timers", count);
    say(line);
    return PROMETHEAN_OK;
  }
  if (is(intent, "State")) {
    state->put(host->context, text("echo"), text("demo"), text("cursor"), UINT64_MAX, text("17"), 5);
    state->get(host->context, text("echo"), text("demo"), text("cursor"), 6);
    return PROMETHEAN_OK;
  }
  if (is(intent, "Misuse")) {
    char long_text[2000];
    memset(long_text, 'x', sizeof long_text);
    promethean_envelope envelopes[] = {
        {.struct_size = sizeof *envelopes, .topic = {(uint8_t *)long_text, sizeof long_text}},
        {.struct_size = sizeof *envelopes, .topic = text("t"), .intent = {(const uint8_t *)"\xff", 1}},
        {.struct_size = sizeof *envelopes, .topic = text("t"), .origin = 3},
        {.struct_size = sizeof *envelopes, .topic = text("t"), .flags = 8},
        {.struct_size = sizeof *envelopes, .topic = text("t"), .payload = {(uint8_t *)long_text, 65537}},
        {.struct_size = 8, .topic = text("t")},
    };
    int refused = 0;
    for (unsigned i = 0; i < sizeof envelopes / sizeof *envelopes; i++)
      refused += publish->publish(host->context, &envelopes[i], 1) == PROMETHEAN_INVALID;
    refused += subscribe->settle(host->context, 1, 4, text("")) == PROMETHEAN_INVALID;
    refused += subscribe->subscribe(host->context, text(""), 1) == PROMETHEAN_INVALID;
    refused += state->get(host->context, text("echo"), text("demo"), text(""), 1) == PROMETHEAN_INVALID;
    snprintf(line, sizeof line, "%d refused", refused);
    say(line);
    return PROMETHEAN_OK;
  }
  if (is(intent, "Hold")) {
    held = delivery;
    say("held");
    return PROMETHEAN_PENDING;
  }
  if (is(intent, "Path")) {
    snprintf(line, sizeof line, "%.*s", (int)envelope->payload.size, envelope->payload.data);
    try_path(line);
    return PROMETHEAN_OK;
  }
  if (is(intent, "Crash")) abort();
  if (is(intent, "Exit")) exit(3);
  if (is(intent, "Spin")) for (;;) {}
  host->error_set(host->context, text("unknown intent"));
  return PROMETHEAN_FAILED;
}

static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result) {
  (void)instance;
  char line[256];
  snprintf(line, sizeof line, "completed %llu %d %.*s %.*s", (unsigned long long)token, status, (int)message.size, message.data,
           result ? (int)result->payload.size : 0, result ? (const char *)result->payload.data : "");
  say(line);
}

static void poll_(void *instance) {
  (void)instance;
  if (flood_left >= 0) flood();
}

static promethean_status stop(void *instance, uint64_t operation) {
  (void)instance;
  say("stopping");
  if (held) subscribe->settle(host->context, held, PROMETHEAN_SETTLE_RELEASE, text(""));
  if (is(host->config, "stop is pending")) return in_thread(complete_later, operation);
  return PROMETHEAN_OK;
}

static void destroy(void *instance) {
  (void)instance;
  say("destroyed");
}

#ifdef CONSTRUCTOR
__attribute__((constructor)) static void constructor(void) { CONSTRUCTOR; }
#endif

static promethean_plugin table = {
    .struct_size = SIZE,
    .abi_major = MAJOR,
    .abi_minor = MINOR,
    .id = {(const uint8_t *)ID, sizeof ID - 1},
    .create = create,
    .start = start,
    .deliver = deliver,
    .completed = completed,
    .poll = POLL,
    .stop = stop,
    .destroy = destroy,
};

const promethean_plugin *ENTRY(void) {
#ifdef NO_TABLE
  (void)table;
  return NULL;
#else
  return &table;
#endif
}
