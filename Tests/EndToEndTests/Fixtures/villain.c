// A plugin that harms as a request tells it to, by the request's intent, for as long as it lives.

#define HAS_COMPLETED
#define HAS_POLL
#define HAS_STOP
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fixture.h"

/// Which flood goes on, if any.
static void (*flood)(void);
/// How it ends when it is told to: not at all, by the C library's way out, or by a crash.
static enum { IN_ORDER, NEVER, BY_EXIT, BY_CRASH } stops = IN_ORDER;
/// Whether it takes no more of what comes, and whether its library's end lasts for ever.
static int is_blocked, lingers;
/// Numbered events that it has taken.
static long long taken, last_taken, disorder;

static void spin(void) {
  for (volatile int i = 0;; i++) (void)i;
}

// MARK: - Floods: each goes on until there is no room, and again when there is.

static promethean_envelope envelope(const char *topic) {
  return (promethean_envelope){
      .struct_size = sizeof(promethean_envelope), .topic = text(topic), .intent = text("Flood"), .payload = text("{}")};
}

static void flood_frames(void) {
  promethean_envelope frame = envelope("promethean.p.echo.t.demo.voice.frame");
  while (publishing->publish(host->context, &frame, 0) == PROMETHEAN_PENDING) continue;
}

static void flood_events(void) {
  promethean_envelope event = envelope("promethean.p.echo.t.demo.events.Noise");
  while (publishing->publish(host->context, &event, 0) == PROMETHEAN_PENDING) continue;
}

static void flood_requests(void) {
  promethean_envelope question = envelope("promethean.p.echo.t.demo.villain.hold");
  while (requesting->request(host->context, &question, 1) == PROMETHEAN_PENDING) continue;
}

static void flood_state(void) {
  static uint8_t document[4096];
  promethean_bytes bytes = {.data = document, .size = sizeof document};
  while (keeping->put(host->context, text("echo"), text("demo"), text("key"), UINT64_MAX, bytes, 1) == PROMETHEAN_PENDING)
    continue;
}

/// Neither has an answer, so it goes on by its own poll, a piece at a time.
static void flood_logs(void) {
  for (int i = 0; i < 1000; i++) logging->write(host->context, PROMETHEAN_LOG_WARN, text("noise"), text(""));
  host->wake(host->context);
}

static void flood_output(void) {
  for (int i = 0; i < 100; i++) fprintf(stderr, "noise\n");
  host->wake(host->context);
}

// MARK: - Other harm

static void *lock_twice(void *nothing) {
  (void)nothing;
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&lock);
  pthread_mutex_lock(&lock);
  return NULL;
}

/// Until there is no more: abort tells that from a write to where there is nothing.
static void leak(void) {
  for (;;) {
    char *more = malloc(1 << 20);
    if (!more) abort();
    memset(more, 1, 1 << 20);
  }
}

static void sleep_for_ever(void) {
  for (;;) sleep(1000);
}

/// Called at the C library's way out, and when the library is unmapped.
static void linger(void) {
  if (lingers) sleep_for_ever();
}

__attribute__((destructor)) static void destruct(void) { linger(); }

static promethean_status take(const promethean_host_envelope *envelope) {
  long long n = number(envelope->payload, "n", -1);
  if (n != ++last_taken) disorder++;
  last_taken = n;
  taken++;
  return PROMETHEAN_OK;
}

static promethean_status tell(uint64_t delivery) {
  char json[128];
  snprintf(json, sizeof json, "{\"taken\":%lld,\"last\":%lld,\"disorder\":%lld}", taken, last_taken, disorder);
  return respond(delivery, json);
}

static void *idle(void *nothing) {
  sleep_for_ever();
  return nothing;
}

static promethean_status threads(uint64_t delivery) {
  int count = 1;
  for (pthread_t thread; count < 1000 && pthread_create(&thread, NULL, idle, NULL) == 0;) count++;
  char json[64];
  snprintf(json, sizeof json, "{\"threads\":%d}", count);
  return respond(delivery, json);
}

/// Writes the index of what it has sent, as fast as it can.
static void *poke(void *tail) {
  for (;;) *(volatile uint64_t *)tail = UINT64_MAX - 7;
  return NULL;
}

/// The first frame lies behind the head of the ring that leads here, and the kernel puts the ring that leads to the host,
/// which is mapped next, before it: a head, and the data twice.
static void poke_beside(const promethean_host_envelope *first) {
  enum { head = 4096, data = 1 << 19 };
  uint8_t *inbox = (uint8_t *)((uintptr_t)first->payload.data & ~(uintptr_t)4095) - head;
  pthread_t thread;
  pthread_create(&thread, NULL, poke, inbox - head - 2 * data);
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance;
  promethean_bytes what = envelope->intent;
  if (is(what, "hold")) return PROMETHEAN_PENDING;
  if (is(what, "segfault")) *(volatile int *)8 = 0;
  if (is(what, "spin")) spin();
  if (is(what, "deadlock")) lock_twice(NULL);
  if (is(what, "take")) return take(envelope);
  if (is(what, "tell")) return tell(delivery);
  if (is(what, "leak")) leak();
  if (is(what, "fork")) syscall(SYS_fork);
  // The host looks at the index when it is told to, so it is told again and again.
  if (is(what, "poke")) poke_beside(envelope), flood = flood_logs;
  if (is(what, "threads")) return threads(delivery);
  if (is(what, "block")) is_blocked = 1;
  if (is(what, "ignore")) signal(SIGTERM, SIG_IGN);
  if (is(what, "linger") || is(what, "leave")) lingers = atexit(linger) == 0;
  if (is(what, "stay")) stops = NEVER;
  if (is(what, "leave")) stops = BY_EXIT;
  if (is(what, "fall")) stops = BY_CRASH;
  if (is(what, "frames")) flood = flood_frames;
  if (is(what, "events")) flood = flood_events;
  if (is(what, "requests")) flood = flood_requests;
  if (is(what, "state")) flood = flood_state;
  // Without end too where the ring is spoilt, for the host looks into it when there is something to read.
  if (is(what, "logs") || is(what, "poke")) flood = flood_logs;
  if (is(what, "output")) flood = flood_output;
  if (flood) host->wake(host->context);
  return respond(delivery, "{}");
}

static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result) {
  (void)instance, (void)token, (void)status, (void)message, (void)result;
  if (flood) flood();
}

static void poll(void *instance) {
  (void)instance;
  if (flood) flood();
  // What has been said is on its way, and nothing more is read.
  if (is_blocked) sleep_for_ever();
}

static promethean_status stop(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
  if (stops == BY_EXIT) exit(0);
  if (stops == BY_CRASH) abort();
  return stops == NEVER ? PROMETHEAN_PENDING : PROMETHEAN_OK;
}
