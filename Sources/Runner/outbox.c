#include "outbox.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/// Bytes that wait for the end of a call of the plugin's before they are published within it: an eighth of the ring, so
/// that the host works meanwhile and a plugin that has much to say does not find the ring full of what nobody sees yet.
#define FLUSH_SIZE (RING_CAPACITY / 8)

void outbox_prepare(outbox *outbox, const ring *ring) {
  pthread_mutex_init(&outbox->lock, NULL);
  outbox->ring = *ring;
  outbox->main_thread = pthread_self();
}

void outbox_wake_host(void) {
  uint64_t one = 1;
  // Full is as good as written.
  if (write(WIRE_FD_TO_HOST, &one, sizeof one) < 0) return;
}

/// Reserves a whole frame. Returns where its body goes.
static uint8_t *reserve(outbox *outbox, wire_frame frame, size_t size, promethean_status *status) {
  int code;
  frame.size = (uint32_t)size;
  uint8_t *place = ring_reserve(&outbox->ring, sizeof frame + size, &code);
  if (place) {
    memcpy(place, &frame, sizeof frame);
    *status = PROMETHEAN_OK;
    return place + sizeof frame;
  }
  if (code == RING_CORRUPT) {
    dprintf(STDERR_FILENO, "promethean-runner: the ring to the host is corrupt\n");
    _exit(EXIT_BROKEN);
  }
  *status = code == RING_FULL ? PROMETHEAN_AGAIN : PROMETHEAN_INVALID;
  if (code == RING_FULL) {
    uint64_t one = 1;
    // The main thread may sleep already, without having asked the host to ring when there is room: it is woken to do
    // so.
    int is_other = !pthread_equal(pthread_self(), outbox->main_thread);
    if (is_other && !outbox->wanted && write(WIRE_FD_TO_PLUGIN, &one, sizeof one) < 0) *status = PROMETHEAN_AGAIN;
    if (outbox->wanted < sizeof frame + size) outbox->wanted = sizeof frame + size;
  }
  return NULL;
}

uint8_t *outbox_begin(outbox *outbox, wire_frame frame, size_t size, promethean_status *status) {
  pthread_mutex_lock(&outbox->lock);
  uint8_t *place = reserve(outbox, frame, size, status);
  if (!place) pthread_mutex_unlock(&outbox->lock);
  return place;
}

void outbox_end(outbox *outbox) {
  int is_due = outbox->ring.pending >= FLUSH_SIZE || !pthread_equal(pthread_self(), outbox->main_thread);
  int must_wake = is_due && ring_publish(&outbox->ring);
  pthread_mutex_unlock(&outbox->lock);
  if (must_wake) outbox_wake_host();
}

promethean_status outbox_send(outbox *outbox, wire_frame frame, promethean_bytes body) {
  if (body.size > RING_FRAME_MAX) return PROMETHEAN_INVALID;
  promethean_status status;
  uint8_t *place = outbox_begin(outbox, frame, body.size, &status);
  if (!place) return status;
  if (body.size) memcpy(place, body.data, body.size);
  outbox_end(outbox);
  return PROMETHEAN_OK;
}

void outbox_drop(outbox *outbox) {
  pthread_mutex_lock(&outbox->lock);
  outbox->dropped++;
  pthread_mutex_unlock(&outbox->lock);
}

/// Says how much was dropped, now or when there is room.
static void confess(outbox *outbox) {
  char text[96];
  unsigned long long dropped = outbox->dropped;
  int length = snprintf(text, sizeof text, "%llu log lines and measurements found no room and were dropped", dropped);
  uint32_t size = (uint32_t)length;
  promethean_status status;
  wire_frame frame = {.op = WIRE_LOG, .argument = PROMETHEAN_LOG_WARN};
  uint8_t *place = reserve(outbox, frame, sizeof size + size, &status);
  if (!place) return;
  memcpy(place, &size, sizeof size);
  memcpy(place + sizeof size, text, size);
  outbox->dropped = 0;
}

void outbox_flush(outbox *outbox) {
  pthread_mutex_lock(&outbox->lock);
  if (outbox->dropped) confess(outbox);
  int must_wake = ring_publish(&outbox->ring);
  pthread_mutex_unlock(&outbox->lock);
  if (must_wake) outbox_wake_host();
}

int outbox_room_is_back(outbox *outbox) {
  pthread_mutex_lock(&outbox->lock);
  int is_back = outbox->wanted && ring_wait_for_room(&outbox->ring, outbox->wanted);
  if (is_back) outbox->wanted = 0;
  pthread_mutex_unlock(&outbox->lock);
  return is_back;
}
