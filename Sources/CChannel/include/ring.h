// A ring between two processes that need not trust each other: one producer, one consumer, frames of bytes in shared
// memory.
//
// Both rings of a channel lie in one memfd, sealed against growing and shrinking (an unsealed one that the peer shrinks
// is a SIGBUS here). Each ring's data is mapped twice in a row, so that a frame never wraps. Positions only grow; an
// index is the position modulo the capacity.
//
// Each side keeps its own position in private memory and publishes it; it reads the peer's position once, and believes
// it only if it lies within what is possible. Whoever reads a frame from a peer that it does not trust copies it out
// before looking at it: `ring_read` does.

#ifndef RING_H
#define RING_H

#include <stddef.h>
#include <stdint.h>

/// Bytes of data in each ring: eight of the largest frames, and as little resident memory as an idle plugin may cost. A
/// power of two, and a multiple of the page.
#define RING_CAPACITY (1u << 19)
/// Bytes of a page of indices at the head of each ring.
#define RING_HEAD 4096
/// Bytes of the memfd: two rings.
#define RING_MEMORY (2 * (RING_HEAD + RING_CAPACITY))
/// Frames begin at multiples of this.
#define RING_ALIGN 8
/// The largest frame, in bytes, its head included.
#define RING_FRAME_MAX (RING_CAPACITY / 4)

#define RING_OK 0
/// No frame to read.
#define RING_EMPTY 1
/// No room to write one.
#define RING_FULL 2
/// The peer's indices or a frame's length cannot be: the peer is broken or hostile.
#define RING_CORRUPT -1
/// A frame larger than RING_FRAME_MAX.
#define RING_TOO_LARGE -2

typedef struct ring_shared ring_shared;

/// One side's view of one ring. Not thread-safe.
typedef struct ring {
  ring_shared *shared;
  uint8_t *data;
  /// Own position, as last published.
  uint64_t own;
  /// The peer's position, as last believed.
  uint64_t peer;
  /// Whatever is written but not yet published (producer), or read but not yet given back (consumer).
  uint64_t pending;
} ring;

/// Makes the memory for a channel: a sealed memfd of RING_MEMORY bytes. Returns the descriptor, close-on-exec, or -1
/// with errno.
int ring_memory_create(void);
/// Maps both rings of a memfd: [0] host to plugin, [1] plugin to host. Returns 0, or -1 with errno.
int ring_map(int memory, ring rings[2]);
/// Unmaps both.
void ring_unmap(ring rings[2]);

// Producer.

/// Writes a frame of a head and a body in up to three pieces, unpublished. RING_OK, RING_FULL, RING_TOO_LARGE or
/// RING_CORRUPT.
int ring_write(ring *ring, const void *head, size_t head_size, const void *a, size_t a_size, const void *b, size_t b_size);
/// Reserves room for a frame of `size` bytes and returns where to write it, NULL if there is none (`*status` says why).
uint8_t *ring_reserve(ring *ring, size_t size, int *status);
/// Publishes everything written so far. Returns 1 if the consumer sleeps and must be woken.
int ring_publish(ring *ring);
/// Says that the producer waits for room: the consumer will wake it. Returns 1 if there is room by now, so do not wait.
int ring_wait_for_room(ring *ring, size_t size);

// Consumer.

/// The next frame, in place: for a peer that is trusted not to change it. RING_OK, RING_EMPTY or RING_CORRUPT.
int ring_peek(ring *ring, const uint8_t **frame, size_t *size);
/// Copies the next frame out. `*size` is the frame's. RING_OK, RING_EMPTY or RING_CORRUPT (also for a frame over
/// `capacity`).
int ring_read(ring *ring, uint8_t *into, size_t capacity, size_t *size);
/// Steps over the frame last peeked at. (`ring_read` does so by itself.)
void ring_next(ring *ring);
/// Gives the room of all frames read so far back. Returns 1 if the producer waits for room and must be woken.
int ring_release(ring *ring);
/// Says that the consumer is going to sleep. Returns 1 if there is a frame by now, so do not sleep.
int ring_sleep(ring *ring);
/// Whether there is something to read, by the producer's word alone: nothing is believed.
int ring_holds(const ring *ring);
/// Says that it is awake again.
void ring_awake(ring *ring);

#endif
