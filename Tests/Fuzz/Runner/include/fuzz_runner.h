// What the runner makes of bytes, without a host, a sandbox and a plugin around it.

#ifndef FUZZ_RUNNER_H
#define FUZZ_RUNNER_H

#include <stddef.h>
#include <stdint.h>

/// Has the runner take a control message as its set-up. Returns NULL, or why it refuses it: a text that is never empty.
const char *fuzz_runner_setup(const uint8_t *message, size_t size);

/// Has the runner take a frame of the host's and hand it to a plugin that looks at every byte it is given. Returns NULL,
/// or why it gives up.
const char *fuzz_runner_frame(const uint8_t *frame, size_t size);

/// Makes an envelope's bytes the views that a plugin sees, accepts them as if they were the plugin's, and writes them
/// again. Returns the size of what is in `into`, which has room for the largest envelope; 0 if the bytes are none.
uint64_t fuzz_runner_again(const uint8_t *bytes, uint64_t size, uint8_t *into);

#endif
