// The least that any host with a process for each plugin has to do: rings, eventfds, and the copies between them.

#include <errno.h>
#include <poll.h>
#include <ring.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

/// Frames read before the room is given back and what was written is published.
#define BATCH 64
/// How long anything is waited for, in milliseconds: a bench that hangs is worse than one that fails.
#define PATIENCE 10000

/// One direction between two processes: a ring, and an eventfd for each end. Each side has a copy of the struct, as it
/// has of the ring.
typedef struct line {
  ring ring;
  int frames, room;
} line;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int make_lines(line lines[2]) {
  int memory = ring_memory_create();
  ring rings[2];
  if (memory < 0 || ring_map(memory, rings) != 0) return -1;
  close(memory);
  for (int i = 0; i < 2; i++) lines[i] = (line){rings[i], eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  return 0;
}

static void close_lines(line lines[2]) {
  ring rings[2] = {lines[0].ring, lines[1].ring};
  ring_unmap(rings);
  for (int i = 0; i < 2; i++) close(lines[i].frames), close(lines[i].room);
}

static void wake(int descriptor) { eventfd_write(descriptor, 1); }

static int await(int descriptor) {
  struct pollfd source = {.fd = descriptor, .events = POLLIN};
  eventfd_t count;
  if (poll(&source, 1, PATIENCE) != 1) return -1;
  return eventfd_read(descriptor, &count) == 0 || errno == EAGAIN ? 0 : -1;
}

static void publish(line *line) {
  if (ring_publish(&line->ring)) wake(line->frames);
}

/// Writes a frame, when there is room.
static int put(line *line, const void *frame, size_t size) {
  while (ring_write(&line->ring, frame, size, NULL, 0, NULL, 0) != RING_OK) {
    publish(line);
    if (!ring_wait_for_room(&line->ring, size) && await(line->room) != 0) return -1;
  }
  return 0;
}

static void give_back(line *line) {
  if (ring_release(&line->ring)) wake(line->room);
}

/// Reads a frame, when there is one; `idle` is called before this waits.
static int take(line *in, line *out, uint8_t *frame, size_t *size) {
  for (;;) {
    int status = ring_read(&in->ring, frame, RING_FRAME_MAX, size);
    if (status == RING_OK) return 0;
    if (status != RING_EMPTY) return -1;
    if (out) publish(out);
    give_back(in);
    if (ring_sleep(&in->ring)) continue;
    if (await(in->frames) != 0) return -1;
    ring_awake(&in->ring);
  }
}

/// Copies `count` frames on.
static int forward(line *in, line *out, uint64_t count) {
  static uint8_t frame[RING_FRAME_MAX];
  size_t size;
  for (uint64_t i = 1; i <= count; i++) {
    if (take(in, out, frame, &size) != 0 || put(out, frame, size) != 0) return -1;
    if (i % BATCH) continue;
    publish(out);
    give_back(in);
  }
  publish(out);
  give_back(in);
  return 0;
}

/// Sends `count` frames.
static int produce(line *out, uint32_t size, uint64_t count) {
  static uint8_t frame[RING_FRAME_MAX];
  for (uint64_t i = 1; i <= count; i++) {
    if (put(out, frame, size) != 0) return -1;
    if (i % BATCH == 0) publish(out);
  }
  publish(out);
  return 0;
}

static int end(pid_t child) {
  int status;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0 ? 0 : -1;
}

/// A child that ends with its parent.
static pid_t begin(void) {
  pid_t child = fork();
  if (child == 0) prctl(PR_SET_PDEATHSIG, SIGKILL);
  return child;
}

int probe_ring_hops(uint32_t size, uint32_t count, uint32_t *times) {
  line lines[2];
  static uint8_t frame[RING_FRAME_MAX];
  size_t received;
  if (make_lines(lines) != 0) return -1;
  pid_t echo = begin();
  if (echo == 0) _exit(forward(&lines[0], &lines[1], count) != 0);
  int result = echo < 0 ? -1 : 0;
  for (uint32_t i = 0; i < count && !result; i++) {
    int64_t begun = now();
    result = put(&lines[0], frame, size);
    publish(&lines[0]);
    if (!result) result = take(&lines[1], NULL, frame, &received);
    times[i] = (uint32_t)(now() - begun);
  }
  if (result && echo > 0) kill(echo, SIGKILL);
  if (end(echo) != 0) result = -1;
  close_lines(lines);
  return result;
}

int64_t probe_ring_forward(uint32_t size, uint64_t count) {
  line first[2], second[2];
  static uint8_t frame[RING_FRAME_MAX];
  size_t received;
  if (make_lines(first) != 0) return -1;
  if (make_lines(second) != 0) return close_lines(first), -1;
  int64_t begun = now();
  pid_t middle = begin();
  if (middle == 0) _exit(forward(&first[0], &second[0], count) != 0);
  pid_t producer = begin();
  if (producer == 0) _exit(produce(&first[0], size, count) != 0);
  int result = middle < 0 || producer < 0 ? -1 : 0;
  for (uint64_t i = 1; i <= count && !result; i++) {
    result = take(&second[0], NULL, frame, &received);
    if (i % BATCH == 0) give_back(&second[0]);
  }
  int64_t took = now() - begun;
  if (result && middle > 0) kill(middle, SIGKILL);
  if (result && producer > 0) kill(producer, SIGKILL);
  if (end(producer) != 0 || end(middle) != 0) result = -1;
  close_lines(first);
  close_lines(second);
  return result ? -1 : took;
}

int64_t probe_spawn(const char *program) {
  char *arguments[] = {(char *)program, NULL}, *environment[] = {NULL};
  pid_t pid;
  int64_t begun = now();
  if ((errno = posix_spawn(&pid, program, NULL, NULL, arguments, environment)) || end(pid) != 0) return -1;
  return now() - begun;
}
