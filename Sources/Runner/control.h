// The runner's end of the control socket.

#ifndef CONTROL_H
#define CONTROL_H

#include <promethean/plugin.h>
#include <stddef.h>
#include <stdint.h>
#include <wire.h>

/// Bytes of the longest text that goes to the host: a message for people.
#define CONTROL_TEXT_MAX 2048
/// Bytes of the longest body: what a plugin hands over.
#define CONTROL_BODY_MAX PROMETHEAN_HANDOVER_MAX

/// Reads the next message into `buffer`, of WIRE_CONTROL_MAX bytes, or waits for it. Returns the bytes of the body,
/// which then begins `buffer`, -1 if there is none now. If the host has gone, so does this process.
///
/// `*descriptor` is the one that came with it, -1: none, or the process has no room for one more.
long control_receive(uint8_t *buffer, int wait, wire_control *head, int *descriptor);

/// Says how far the runner is. `body` may be empty, and is cut to CONTROL_BODY_MAX.
void control_send(uint32_t kind, int32_t status, uint64_t token, const void *body, size_t size);

/// Says why it goes no further, and ends the process.
_Noreturn void control_fail(uint64_t stage, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// Ends the process if the host is gone: the kernel's signal for that may have been armed too late to fire.
void control_check_host(void);

#endif
