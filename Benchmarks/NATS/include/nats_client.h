// The same work through a NATS server, where Debian's libnats-dev and nats-server are installed.
//
// The library is looked up when the benchmark runs, so that the benchmark can be built and run without it.

#ifndef NATS_CLIENT_H
#define NATS_CLIENT_H

#include <stdint.h>

/// Whether this was built with libnats's header and the library can be loaded.
int nats_client_exists(void);
/// Receives `count` messages, or as many as come until there has been none for two seconds. Writes "ready", then how
/// many came and when the last did, to standard output. Returns an exit code.
int nats_client_subscribe(const char *url, uint64_t count);
/// Publishes `count` messages of `size` bytes, and writes when the first was. Returns an exit code.
int nats_client_publish(const char *url, uint32_t size, uint64_t count);
/// Publishes `count` messages of `size` bytes to a stream that is kept in files, with at most `window` unacknowledged,
/// and writes how many nanoseconds it took until all were acknowledged. Returns an exit code.
int nats_client_persist(const char *url, uint32_t size, uint64_t count, uint32_t window);

#endif
