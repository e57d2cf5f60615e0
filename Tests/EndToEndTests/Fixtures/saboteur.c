// A plugin that turns on the runner that it lives in, in the way that the intent of a request says; `report` is answered.
//
// `close` its descriptors, or put its standard error in the place of one: `hang_up` of the control socket, `withdraw` of
// the control socket which it keeps open elsewhere, `deafen` of the wake that comes here, `mute` of the one that goes to
// the host. `replace` tries that with the calls that are made for it. `unmap` the rings, `storm` the host with wakes,
// `attach` descriptors to messages to the host, `freeze`.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fixture.h"

/// The runner's descriptors: the control socket, the rings, the two wakes, the library.
enum { first = 3, control = 3, plugin_wake = 5, host_wake = 6, last = 7 };
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

/// Puts standard error in the place of a descriptor: the lowest that is free is the one that was closed.
static void put_in_place(int descriptor) {
  close(descriptor);
  if (dup(STDERR_FILENO) != descriptor) abort();
}

static void replace_all(void) {
  for (int descriptor = first; descriptor <= last; descriptor++) {
    if (syscall(SYS_dup2, STDERR_FILENO, descriptor) >= 0 || errno != EPERM) abort();
    if (syscall(SYS_dup3, STDERR_FILENO, descriptor, 0) >= 0 || errno != EPERM) abort();
  }
}

/// Unmaps both rings. The first frame lies behind the head of the one that leads here, which is mapped behind the other:
/// each is a head, and the data twice.
static void unmap(const promethean_host_envelope *frame) {
  enum { head = 4096, data = 1 << 19, ring = head + 2 * data };
  uint8_t *inbox = (uint8_t *)((uintptr_t)frame->payload.data & ~(uintptr_t)4095) - head;
  if (munmap(inbox - ring, 2 * ring) != 0) abort();
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance;
  for (int descriptor = first; is(envelope->intent, "close") && descriptor <= last; descriptor++) close(descriptor);
  if (is(envelope->intent, "hang_up")) put_in_place(control);
  if (is(envelope->intent, "withdraw")) {
    // Beyond the lowest numbers that are free, one of which would be the next to be taken.
    if (fcntl(control, F_DUPFD_CLOEXEC, last + 1) < 0) abort();
    put_in_place(control);
  }
  if (is(envelope->intent, "deafen")) put_in_place(plugin_wake);
  if (is(envelope->intent, "mute")) put_in_place(host_wake);
  if (is(envelope->intent, "replace")) replace_all();
  if (is(envelope->intent, "unmap")) unmap(envelope);
  if (is(envelope->intent, "freeze")) raise(SIGSTOP);
  if (is(envelope->intent, "attach")) attach();
  uint64_t most = UINT64_MAX - 1;
  for (int i = 0; is(envelope->intent, "storm") && i < WAKES; i++)
    if (write(host_wake, &most, sizeof most) < 0 && errno != EAGAIN) abort();
  return respond(delivery, "{}");
}
