// The way to the host: frames into the ring, from any thread of the plugin's.

#ifndef OUTBOX_H
#define OUTBOX_H

#include <promethean/plugin.h>
#include <pthread.h>
#include <ring.h>
#include <stddef.h>
#include <wire.h>

/// Exit status of a runner whose memory has been written over: the rings are no longer what they were.
#define EXIT_BROKEN 4

typedef struct outbox {
  pthread_mutex_t lock;
  ring ring;
  /// The thread that the plugin is called on: it flushes after each call, or when there is much; others at once.
  pthread_t main_thread;
  /// Bytes of the largest frame that found no room since there was some; 0: none.
  size_t wanted;
  /// Lines and measurements that found no room and were not said yet.
  uint64_t dropped;
} outbox;

/// Takes over the ring. Call it on the plugin's thread.
void outbox_prepare(outbox *outbox, const ring *ring);

/// Locks, and returns where the body of a frame of `size` bytes is to be written, then `outbox_end`. NULL: nothing is
/// locked, and `*status` is AGAIN or INVALID. [any]
uint8_t *outbox_begin(outbox *outbox, wire_frame frame, size_t size, promethean_status *status);
/// Unlocks; what was written is on its way. [any]
void outbox_end(outbox *outbox);
/// Sends a frame with a body. OK, AGAIN or INVALID. [any]
promethean_status outbox_send(outbox *outbox, wire_frame frame, promethean_bytes body);
/// Counts something that found no room and is not tried again. [any]
void outbox_drop(outbox *outbox);

/// Publishes what the plugin's thread has written. [main]
void outbox_flush(outbox *outbox);
/// Whether there is room by now for what found none. If not, the host will wake this process when there is. [main]
int outbox_room_is_back(outbox *outbox);
/// Wakes the host if it sleeps. [any]
void outbox_wake_host(void);

#endif
