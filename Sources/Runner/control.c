#include "control.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/// Exit status of a runner whose host has gone.
#define EXIT_ORPHANED 3
/// Exit status of a runner that gave up, as the host was told.
#define EXIT_FAILED 1

/// The descriptor that is attached to a message, -1 if none is.
static int attached(struct msghdr *message) {
  int descriptor = -1;
  struct cmsghdr *part = CMSG_FIRSTHDR(message);
  if (part && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS)
    memcpy(&descriptor, CMSG_DATA(part), sizeof descriptor);
  return descriptor;
}

long control_receive(uint8_t *buffer, int wait, wire_control *head, int *descriptor) {
  struct iovec into = {.iov_base = buffer, .iov_len = WIRE_CONTROL_MAX};
  union {
    struct cmsghdr aligned;
    char bytes[CMSG_SPACE(sizeof(int))];
  } attachment;
  struct msghdr message = {
      .msg_iov = &into,
      .msg_iovlen = 1,
      .msg_control = &attachment,
      .msg_controllen = sizeof attachment,
  };
  ssize_t size;
  do size = recvmsg(WIRE_FD_CONTROL, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
  while (size < 0 && errno == EINTR);
  if (size < 0 && errno == EAGAIN) return -1;
  if (size < (ssize_t)sizeof *head) _exit(EXIT_ORPHANED);
  *descriptor = attached(&message);
  memcpy(head, buffer, sizeof *head);
  memmove(buffer, buffer + sizeof *head, (size_t)size - sizeof *head);
  return size - (long)sizeof *head;
}

void control_send(uint32_t kind, int32_t status, uint64_t token, const void *body, size_t size) {
  static struct {
    wire_control head;
    uint8_t body[CONTROL_BODY_MAX];
  } message;
  message.head = (wire_control){.kind = kind, .status = status, .token = token};
  if (size > sizeof message.body) size = sizeof message.body;
  if (size) memcpy(message.body, body, size);
  ssize_t sent;
  do sent = send(WIRE_FD_CONTROL, &message, sizeof message.head + size, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0) _exit(EXIT_ORPHANED);
}

void control_fail(uint64_t stage, const char *format, ...) {
  char text[CONTROL_TEXT_MAX];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  control_send(WIRE_FAILED, 0, stage, text, strlen(text));
  _exit(EXIT_FAILED);
}

void control_check_host(void) {
  struct pollfd host = {.fd = WIRE_FD_CONTROL, .events = 0};
  if (poll(&host, 1, 0) > 0 && host.revents & (POLLHUP | POLLERR)) _exit(EXIT_ORPHANED);
}
