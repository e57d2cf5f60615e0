// What the benchmark needs of C: a count of allocations, and the bare rings that the host is measured against.

#ifndef PROBE_H
#define PROBE_H

#include <stdint.h>

/// Allocations of this process so far, of all its threads.
uint64_t probe_allocations(void);

/// Sends frames of `size` bytes to a process that sends each back, one at a time: two hops over a ring and an eventfd.
/// Writes how long each took, in nanoseconds, into `times`, of `count`. Returns 0, or -1 with errno.
int probe_ring_hops(uint32_t size, uint32_t count, uint32_t *times);

/// Sends `count` frames of `size` bytes to a process that copies each into the ring of a third. Returns how long it
/// took until the last arrived, in nanoseconds, or -1 with errno.
int64_t probe_ring_forward(uint32_t size, uint64_t count);

/// Has the calling thread, and all threads and processes that it starts, stay on one core. Returns 0, or -1 with errno.
int probe_use_one_core(void);
/// Takes that back for the calling thread. Returns 0, or -1 with errno.
int probe_use_all_cores(void);
/// Has no processor sleep while this process runs: to be woken takes some longer than a hop, and is none of the host's.
/// Returns 0, or -1 with errno; it is for root alone.
int probe_keep_awake(void);

/// Starts a process as nice as plugins are that does nothing, as fast as it can, until it is killed. Returns its id, or
/// -1 with errno.
int32_t probe_spin(void);

/// Runs a program to its end. Returns how long it took, in nanoseconds, or -1 with errno.
int64_t probe_spawn(const char *program);

/// Removes a directory and all that is in it. Returns 0, or -1 with errno.
int probe_remove(const char *path);

#endif
