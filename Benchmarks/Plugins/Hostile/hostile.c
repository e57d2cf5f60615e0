// Harms its host in the way that an event names, by the event's intent, until the time in its payload; then it behaves.
//
// What ends the process is told by many events. Each start acknowledges one, so that it was not in vain and the next
// start follows as soon as the host allows, and harms at the next poll.

#define ID "bench-hostile"
#define HAS_COMPLETED
#define HAS_POLL
#include "../bench_plugin.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

/// What is done at each poll, if anything, and until when.
static void (*harm)(void);
static int64_t until;
/// A delivery that is held until then.
static uint64_t held;
/// The tokens of timers: of the end of what is held, and of the next poll.
enum { END = 1, AGAIN };

static int is_over(void) { return now() >= until; }

static void calm(void) {}

// MARK: - What ends the process

static void segfault(void) { *(volatile int *)8 = 0; }

static void fork_process(void) { syscall(SYS_fork); }

static void leak(void) {
  // So that the compiler believes that somebody looks.
  static void *volatile latest;
  while (!is_over()) {
    char *more = latest = malloc(1 << 20);
    // Without control groups there is an end, and with them the kernel makes one.
    memset(more, 1, 1 << 20);
  }
}

/// Where the host reads how far this process has written: beside the ring that leads here.
static volatile uint64_t *tail;

/// The first frame lies behind the head of the ring that leads here, and the kernel puts the ring that leads to the host,
/// which is mapped next, before it: a head, and the data twice.
static void find_tail(const promethean_host_envelope *first) {
  enum { head = 4096, data = 1 << 19 };
  if (!tail) tail = (uint64_t *)(((uintptr_t)first->payload.data & ~(uintptr_t)4095) - head - head - 2 * data);
}

static void poke(void) {
  while (!is_over()) *tail = UINT64_MAX - 7;
}

// MARK: - What keeps it busy

static void spin(void) {
  while (!is_over()) continue;
}

static void deadlock(void) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  struct timespec end = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
  pthread_mutex_lock(&lock);
  pthread_mutex_clocklock(&lock, CLOCK_MONOTONIC, &end);
  pthread_mutex_unlock(&lock);
}

/// Fills its directory, whose name the host has written into its configuration.
static void fill(void) {
  static char piece[1 << 20], path[4096];
  const char *key = "\"directory\":\"", *found = memmem(host->config.data, host->config.size, key, strlen(key));
  if (!found) abort();
  found += strlen(key);
  snprintf(path, sizeof path, "%.*s/noise", (int)strcspn(found, "\""), found);
  int file = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  while (!is_over() && write(file, piece, sizeof piece) > 0) continue;
  close(file);
  if (is_over()) unlink(path);
  host->wake(host->context);
}

// MARK: - Floods: each goes on until there is no room, and again when there is.

static promethean_envelope noise(const char *topic) {
  return (promethean_envelope){
      .struct_size = sizeof(promethean_envelope), .topic = text(topic), .intent = text("noise"), .payload = text("{}")};
}

static void frames(void) {
  promethean_envelope frame = noise("promethean.p.bench.t.t0.voice.noise");
  while (!is_over() && publishing->publish(host->context, &frame, 0) == PROMETHEAN_PENDING) continue;
}

static void events(void) {
  promethean_envelope event = noise("promethean.p.bench.t.t0.events.noise");
  while (!is_over() && publishing->publish(host->context, &event, 0) == PROMETHEAN_PENDING) continue;
}

/// Whether no timer is running that says when more is granted.
static int is_granted = 1;

/// As many as `limits.rate` grants, 200 recorded ones a second, and no more: what `events` is held against.
static void granted(void) {
  enum { pause = 50000000, rate = 200, second = 1000000000 };
  // Polls come for other reasons too.
  if (!is_granted) return;
  is_granted = 0;
  promethean_envelope event = noise("promethean.p.bench.t.t0.events.noise");
  for (int i = 0; i < (int64_t)rate * pause / second; i++) publishing->publish(host->context, &event, 0);
  timing->after(host->context, pause, AGAIN);
}

/// Nobody serves them, so each is answered at once.
static void requests(void) {
  promethean_envelope question = noise("promethean.p.bench.t.t0.control.noise");
  while (!is_over() && requesting->request(host->context, &question, 1) == PROMETHEAN_PENDING) continue;
}

static void logs(void) {
  for (int i = 0; i < 1000; i++) logging->write(host->context, PROMETHEAN_LOG_WARN, text("noise"), text(""));
  host->wake(host->context);
}

static void output(void) {
  for (int i = 0; i < 100; i++) fprintf(stderr, "noise\n");
  host->wake(host->context);
}

// MARK: - The plugin

static const struct {
  const char *name;
  void (*harm)(void);
} kinds[] = {
    {"calm", calm}, {"segfault", segfault}, {"fork", fork_process}, {"leak", leak}, {"poke", poke}, {"spin", spin},
    {"deadlock", deadlock}, {"frames", frames}, {"granted", granted}, {"events", events}, {"requests", requests},
    {"logs", logs}, {"output", output}, {"disk", fill},
};

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance;
  find_tail(envelope);
  if (envelope->flags & PROMETHEAN_FLAG_REQUEST) return respond(delivery, "{}");
  if (is(envelope->intent, "noise")) return PROMETHEAN_OK;
  until = number(envelope->payload, "until", 0);
  if (is_over()) return PROMETHEAN_OK;
  if (is(envelope->intent, "mute")) {
    held = delivery;
    return timing->after(host->context, until - now(), END) == PROMETHEAN_PENDING ? PROMETHEAN_PENDING : PROMETHEAN_OK;
  }
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (is(envelope->intent, kinds[i].name)) harm = kinds[i].harm;
  // Not at the poll that follows: what was acknowledged is then on its way to the host.
  host->wake(host->context);
  return PROMETHEAN_OK;
}

static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result) {
  (void)instance, (void)status, (void)message, (void)result;
  if (token == AGAIN) {
    is_granted = 1;
    host->wake(host->context);
  }
  if (held && is_over()) {
    subscribing->settle(host->context, held, PROMETHEAN_SETTLE_ACK, text(""));
    held = 0;
  }
}

static void poll(void *instance) {
  (void)instance;
  static int polls;
  if (!harm) return;
  if (is_over()) {
    harm = NULL;
  } else if (polls++) {
    harm();
  }
}
