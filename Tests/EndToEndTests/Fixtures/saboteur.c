// A plugin that turns on the runner that it lives in, in the way that the intent of a request says: `close` its
// descriptors, `storm` the host with wakes, `attach` descriptors to messages to the host, `freeze`; `report` is answered.

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"

/// The runner's descriptors: the control socket, the rings, the two wakes, the library.
enum { first = 3, control = 3, host_wake = 6, last = 7 };
/// Wakes of one storm, each as much as the counter holds.
#define WAKES 100000

static void attach(void) {
  union {
    struct cmsghdr aligned;
    char bytes[CMSG_SPACE(sizeof(int))];
  } rights = {.aligned = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  char byte = 0;
  struct iovec part = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights.bytes};
  // It would be more than the filter allows if that took it.
  if (sendmsg(control, &message, MSG_NOSIGNAL) >= 0 || errno != EPERM) abort();
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance;
  for (int descriptor = first; is(envelope->intent, "close") && descriptor <= last; descriptor++) close(descriptor);
  if (is(envelope->intent, "freeze")) raise(SIGSTOP);
  if (is(envelope->intent, "attach")) attach();
  uint64_t most = UINT64_MAX - 1;
  for (int i = 0; is(envelope->intent, "storm") && i < WAKES; i++)
    if (write(host_wake, &most, sizeof most) < 0 && errno != EAGAIN) abort();
  return respond(delivery, "{}");
}

static promethean_status create(const promethean_host *given, void **instance) {
  find_extensions(given);
  *instance = NULL;
  return PROMETHEAN_OK;
}

static promethean_status start(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
  return PROMETHEAN_OK;
}

static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result) {
  (void)instance, (void)token, (void)status, (void)message, (void)result;
}

static void poll(void *instance) { (void)instance; }

static promethean_status stop(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
  return PROMETHEAN_OK;
}

static void destroy(void *instance) { (void)instance; }
