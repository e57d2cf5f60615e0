#include "ring.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/// Bytes before each frame: its length, padded so that the frame is aligned as well.
#define PREFIX RING_ALIGN

/// What both processes see at the head of a ring. Producer and consumer write to lines of their own, so neither slows
/// the other.
struct ring_shared {
  /// Written by the producer: everything before it may be read.
  _Alignas(64) _Atomic uint64_t tail;
  /// Written by the consumer: everything before it may be overwritten.
  _Alignas(64) _Atomic uint64_t head;
  /// Set by whoever goes to sleep, taken back by whoever wakes them.
  _Alignas(64) _Atomic uint32_t consumer_sleeps;
  _Alignas(64) _Atomic uint32_t producer_waits;
};

_Static_assert(sizeof(struct ring_shared) <= RING_HEAD, "the indices fit in the head");
_Static_assert((RING_CAPACITY & (RING_CAPACITY - 1)) == 0, "an index is a mask away from its position");

// MARK: - Memory

int ring_memory_create(void) {
  int memory = memfd_create("promethean-rings", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  // Linux before 6.3 does not know the last flag.
  if (memory < 0) memory = memfd_create("promethean-rings", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (memory < 0) return -1;
  if (ftruncate(memory, RING_MEMORY) == 0 && fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
    return memory;
  close(memory);
  return -1;
}

/// Bytes of address space that one ring takes: head, data, and the data once more.
#define SPAN (RING_HEAD + 2 * (size_t)RING_CAPACITY)

static int map_one(int memory, off_t offset, ring *ring) {
  uint8_t *base = mmap(NULL, SPAN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return -1;
  int access = PROT_READ | PROT_WRITE, how = MAP_SHARED | MAP_FIXED;
  uint8_t *mirror = base + RING_HEAD + RING_CAPACITY;
  if (mmap(base, RING_HEAD + RING_CAPACITY, access, how, memory, offset) == MAP_FAILED ||
      mmap(mirror, RING_CAPACITY, access, how, memory, offset + RING_HEAD) == MAP_FAILED) {
    munmap(base, SPAN);
    return -1;
  }
  *ring = (struct ring){.shared = (ring_shared *)base, .data = base + RING_HEAD};
  return 0;
}

int ring_map(int memory, ring rings[2]) {
  if (map_one(memory, 0, &rings[0]) != 0) return -1;
  if (map_one(memory, RING_HEAD + RING_CAPACITY, &rings[1]) == 0) return 0;
  munmap(rings[0].shared, SPAN);
  return -1;
}

void ring_unmap(ring rings[2]) {
  for (int i = 0; i < 2; i++) {
    if (rings[i].shared) munmap(rings[i].shared, SPAN);
    rings[i] = (ring){0};
  }
}

static uint64_t footprint(size_t size) { return PREFIX + ((size + RING_ALIGN - 1) & ~(uint64_t)(RING_ALIGN - 1)); }

static uint8_t *at(const ring *ring, uint64_t position) { return ring->data + (position & (RING_CAPACITY - 1)); }

// MARK: - Producer

static uint64_t room(const ring *ring) { return RING_CAPACITY - (ring->own + ring->pending - ring->peer); }

/// Reads the consumer's position, and believes it only if it has moved forward and not past what was published.
static int refresh_head(ring *ring) {
  uint64_t head = atomic_load_explicit(&ring->shared->head, memory_order_acquire);
  if (head - ring->peer > ring->own - ring->peer) return RING_CORRUPT;
  ring->peer = head;
  return RING_OK;
}

uint8_t *ring_reserve(ring *ring, size_t size, int *status) {
  *status = RING_TOO_LARGE;
  if (size > RING_FRAME_MAX) return NULL;
  uint64_t need = footprint(size);
  if (room(ring) < need) {
    if ((*status = refresh_head(ring)) != RING_OK) return NULL;
    *status = RING_FULL;
    if (room(ring) < need) return NULL;
  }
  uint8_t *place = at(ring, ring->own + ring->pending);
  uint64_t length = size;
  memcpy(place, &length, sizeof length);
  ring->pending += need;
  *status = RING_OK;
  return place + PREFIX;
}

int ring_write(ring *ring, const void *head, size_t head_size, const void *a, size_t a_size, const void *b,
               size_t b_size) {
  if (head_size > RING_FRAME_MAX || a_size > RING_FRAME_MAX || b_size > RING_FRAME_MAX) return RING_TOO_LARGE;
  int status;
  uint8_t *place = ring_reserve(ring, head_size + a_size + b_size, &status);
  if (!place) return status;
  memcpy(place, head, head_size);
  if (a_size) memcpy(place + head_size, a, a_size);
  if (b_size) memcpy(place + head_size + a_size, b, b_size);
  return RING_OK;
}

int ring_publish(ring *ring) {
  if (!ring->pending) return 0;
  ring->own += ring->pending;
  ring->pending = 0;
  atomic_store_explicit(&ring->shared->tail, ring->own, memory_order_release);
  // Pairs with the fence in ring_sleep: either this side sees the flag, or the consumer sees the tail.
  atomic_thread_fence(memory_order_seq_cst);
  if (!atomic_load_explicit(&ring->shared->consumer_sleeps, memory_order_relaxed)) return 0;
  return atomic_exchange_explicit(&ring->shared->consumer_sleeps, 0, memory_order_relaxed) != 0;
}

int ring_wait_for_room(ring *ring, size_t size) {
  atomic_store_explicit(&ring->shared->producer_waits, 1, memory_order_relaxed);
  // Pairs with the fence in ring_release.
  atomic_thread_fence(memory_order_seq_cst);
  // Whatever is wrong with the peer's position, the next write says so: do not wait for it here.
  if (refresh_head(ring) == RING_OK && room(ring) < footprint(size)) return 0;
  atomic_store_explicit(&ring->shared->producer_waits, 0, memory_order_relaxed);
  return 1;
}

// MARK: - Consumer

/// Reads the producer's position, and believes it only if it has moved forward and not past the capacity.
static int refresh_tail(ring *ring) {
  uint64_t tail = atomic_load_explicit(&ring->shared->tail, memory_order_acquire);
  if (tail - ring->own > RING_CAPACITY || tail - ring->own < ring->peer - ring->own || tail % RING_ALIGN)
    return RING_CORRUPT;
  ring->peer = tail;
  return RING_OK;
}

int ring_peek(ring *ring, const uint8_t **frame, size_t *size) {
  uint64_t position = ring->own + ring->pending;
  if (position == ring->peer) {
    int status = refresh_tail(ring);
    if (status != RING_OK) return status;
    if (position == ring->peer) return RING_EMPTY;
  }
  const uint8_t *place = at(ring, position);
  // Once and no more: the peer may change it after the check.
  uint64_t length = *(const volatile uint64_t *)place;
  if (length > RING_FRAME_MAX || footprint(length) > ring->peer - position) return RING_CORRUPT;
  *frame = place + PREFIX;
  *size = length;
  return RING_OK;
}

/// Steps over a frame of a length that was checked, not of the one that stands in shared memory by now.
static void step(ring *ring, size_t size) { ring->pending += footprint(size); }

int ring_read(ring *ring, uint8_t *into, size_t capacity, size_t *size) {
  const uint8_t *frame;
  int status = ring_peek(ring, &frame, size);
  if (status != RING_OK) return status;
  if (*size > capacity) return RING_CORRUPT;
  memcpy(into, frame, *size);
  step(ring, *size);
  return RING_OK;
}

void ring_next(ring *ring) {
  const uint8_t *frame;
  size_t size;
  if (ring_peek(ring, &frame, &size) == RING_OK) step(ring, size);
}

int ring_release(ring *ring) {
  if (!ring->pending) return 0;
  ring->own += ring->pending;
  ring->pending = 0;
  atomic_store_explicit(&ring->shared->head, ring->own, memory_order_release);
  // Pairs with the fence in ring_wait_for_room.
  atomic_thread_fence(memory_order_seq_cst);
  if (!atomic_load_explicit(&ring->shared->producer_waits, memory_order_relaxed)) return 0;
  return atomic_exchange_explicit(&ring->shared->producer_waits, 0, memory_order_relaxed) != 0;
}

int ring_holds(const ring *ring) {
  return atomic_load_explicit(&ring->shared->tail, memory_order_relaxed) != ring->own + ring->pending;
}

int ring_sleep(ring *ring) {
  atomic_store_explicit(&ring->shared->consumer_sleeps, 1, memory_order_relaxed);
  // Pairs with the fence in ring_publish.
  atomic_thread_fence(memory_order_seq_cst);
  if (!ring_holds(ring)) return 0;
  ring_awake(ring);
  return 1;
}

void ring_awake(ring *ring) { atomic_store_explicit(&ring->shared->consumer_sleeps, 0, memory_order_relaxed); }
