// The runner's loop: take what is there, call the plugin, flush, sleep.

#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "runner.h"

/// Frames that are taken before the loop looks at the control socket and the timers again.
#define BATCH 32

int64_t runner_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct timespec span(int64_t nanoseconds) {
  return (struct timespec){.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
}

/// Takes up to a batch of frames. Returns how many.
static int take_frames(runner *runner) {
  int taken = 0;
  const uint8_t *frame;
  size_t size;
  int status = RING_EMPTY;
  while (taken < BATCH && delivery_pay(runner) && (status = ring_peek(&runner->inbox, &frame, &size)) == RING_OK) {
    delivery_take(runner, frame, size);
    ring_next(&runner->inbox);
    outbox_flush(&runner->outbox);
    taken++;
  }
  if (status == RING_CORRUPT) {
    dprintf(STDERR_FILENO, "promethean-runner: the ring from the host is corrupt\n");
    _exit(EXIT_BROKEN);
  }
  if (taken && ring_release(&runner->inbox)) outbox_wake_host();
  return taken;
}

/// Tells the plugin of the timers that are due now; one that is set meanwhile waits for its turn.
static int fire_timers(runner *runner) {
  if (timers_next(&runner->timers) == INT64_MAX) return 0;
  int64_t now = runner_now();
  int fired = 0;
  for (uint64_t token; fired < BATCH && timers_take(&runner->timers, now, &token); fired++)
    runner->plugin.completed(runner->instance, token, PROMETHEAN_OK, bytes_of(NULL, 0), NULL);
  return fired;
}

static void take_control(runner *runner) {
  static uint8_t body[WIRE_CONTROL_MAX];
  wire_control head;
  int descriptor;
  for (long size; (size = control_receive(body, 0, &head, &descriptor)) >= 0;) {
    if (head.kind == WIRE_DIALED) dial_complete(runner, head.token, descriptor, bytes_of(body, (uint64_t)size));
    else if (head.kind == WIRE_SECRETS) secrets_take(runner, body, (size_t)size);
    else if (head.kind == WIRE_TAKE) handover_take(runner, (uint32_t)head.token, bytes_of(body, (uint64_t)size));
    else lifecycle_control(runner, head.kind);
  }
}

/// Whether there is nothing to do until somebody wakes this process, who from now on knows that they must.
static int may_sleep(runner *runner) {
  if (outbox_room_is_back(&runner->outbox)) runner_wake(runner);
  if (!runner->debt.is_owed && ring_sleep(&runner->inbox)) return 0;
  return !atomic_load(&runner->poll_is_due);
}

/// Waits for the host, for another thread of the plugin's, or for a timer; not at all if there is work. Returns whether
/// the host has sent a control message.
static int wait_for_work(runner *runner) {
  struct timespec time = {0}, *timeout = &time;
  if (may_sleep(runner)) {
    int64_t due = timers_next(&runner->timers);
    if (runner->phase == PHASE_RUNNING && runner->extras.health && runner->extras.check_due < due)
      due = runner->extras.check_due;
    int64_t now = due == INT64_MAX ? 0 : runner_now();
    if (due == INT64_MAX) timeout = NULL;
    else if (due > now) time = span(due - now);
  }
  struct pollfd sources[] = {{.fd = WIRE_FD_CONTROL, .events = POLLIN}, {.fd = WIRE_FD_TO_PLUGIN, .events = POLLIN}};
  int ready = ppoll(sources, 2, timeout, NULL);
  ring_awake(&runner->inbox);
  if (ready <= 0) return 0;
  uint64_t count;
  if (sources[1].revents && read(WIRE_FD_TO_PLUGIN, &count, sizeof count) < 0) return sources[0].revents != 0;
  return sources[0].revents != 0;
}

void loop_run(runner *runner) {
  for (;;) {
    int work = take_frames(runner) + fire_timers(runner);
    if (atomic_exchange(&runner->poll_is_due, 0) || work) runner->plugin.poll(runner->instance);
    if (runner->phase == PHASE_RUNNING && runner->extras.health) health_check(runner, runner_now());
    outbox_flush(&runner->outbox);
    lifecycle_complete(runner);
    if (wait_for_work(runner)) take_control(runner);
  }
}
