// Attempts to speak to anybody: rows 33 to 43, and 93.

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_alg.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "zoo.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/// More than the descriptors that anything here has.
#define DESCRIPTORS 64

static struct sockaddr_in loopback(long port) {
  return (struct sockaddr_in){
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static void dial(int socket_, const void *address, socklen_t size) {
  if (socket_ >= 0 && connect(socket_, address, size) == 0) send(socket_, "hello", 5, MSG_NOSIGNAL);
}

void connect_tcp(void) {
  struct sockaddr_in to = loopback(number("tcp"));
  dial(socket(AF_INET, SOCK_STREAM, 0), &to, sizeof to);
}

void connect_mptcp(void) {
  struct sockaddr_in to = loopback(number("tcp"));
  dial(socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP), &to, sizeof to);
}

void connect_fast_open(void) {
  struct sockaddr_in to = loopback(number("tcp"));
  int socket_ = socket(AF_INET, SOCK_STREAM, 0);
  if (socket_ >= 0) sendto(socket_, "hello", 5, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof to);
}

void listen_tcp(void) {
  struct sockaddr_in here = loopback(0);
  socklen_t size = sizeof here;
  int socket_ = socket(AF_INET, SOCK_STREAM, 0);
  if (socket_ < 0 || bind(socket_, (struct sockaddr *)&here, size) != 0 || listen(socket_, 1) != 0) return;
  if (getsockname(socket_, (struct sockaddr *)&here, &size) == 0) gain("it listens at port %d", ntohs(here.sin_port));
}

void send_udp(void) {
  struct sockaddr_in to = loopback(number("udp"));
  int socket_ = socket(AF_INET, SOCK_DGRAM, 0);
  if (socket_ >= 0) sendto(socket_, "hello", 5, 0, (struct sockaddr *)&to, sizeof to);
}

void ask_netlink(void) {
  struct {
    struct nlmsghdr head;
    struct rtgenmsg body;
  } question = {
      .head = {.nlmsg_len = sizeof question, .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
      .body = {.rtgen_family = AF_UNSPEC},
  };
  char answer[4096];
  int socket_ = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  if (socket_ < 0 || send(socket_, &question, sizeof question, 0) < 0) return;
  if (recv(socket_, answer, sizeof answer, 0) > 0) gain("the kernel's answer about links");
}

void open_vsock(void) {
  struct sockaddr_vm here = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = VMADDR_PORT_ANY};
  int socket_ = socket(AF_VSOCK, SOCK_STREAM, 0);
  if (socket_ >= 0 && bind(socket_, (struct sockaddr *)&here, sizeof here) == 0) gain("a port of the hypervisor's");
}

void open_raw(void) {
  if (socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0) gain("a raw socket");
  if (socket(AF_PACKET, SOCK_RAW, 0) >= 0) gain("a packet socket");
  struct sockaddr_alg hash = {.salg_family = AF_ALG, .salg_type = "hash", .salg_name = "sha256"};
  int socket_ = socket(AF_ALG, SOCK_SEQPACKET, 0);
  if (socket_ >= 0 && bind(socket_, (struct sockaddr *)&hash, sizeof hash) == 0) gain("the kernel's ciphers");
}

void connect_unix(void) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  snprintf(to.sun_path, sizeof to.sun_path, "%s", fact("unix"));
  dial(socket(AF_UNIX, SOCK_SEQPACKET, 0), &to, sizeof to);
}

/// In the abstract name space, whose names begin with a zero.
static socklen_t abstract(struct sockaddr_un *to) {
  *to = (struct sockaddr_un){.sun_family = AF_UNIX};
  int length = snprintf(to->sun_path + 1, sizeof to->sun_path - 1, "%s", fact("abstract"));
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

void connect_abstract(void) {
  struct sockaddr_un to;
  socklen_t size = abstract(&to);
  dial(socket(AF_UNIX, SOCK_SEQPACKET, 0), &to, size);
}

/// The sockets that it was given: undone, and connected elsewhere; or written to with an address.
void connect_inherited(void) {
  struct sockaddr none = {.sa_family = AF_UNSPEC};
  struct sockaddr_un to;
  socklen_t size = abstract(&to);
  struct sockaddr_in host = loopback(number("tcp"));
  for (int file = 3; file < DESCRIPTORS; file++) {
    connect(file, &none, sizeof none);
    connect(file, (struct sockaddr *)&to, size);
    connect(file, (struct sockaddr *)&host, sizeof host);
    sendto(file, "hello", 5, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&to, size);
  }
}

/// Descriptors in the host's hands are as good as its last one.
void pass_descriptors(void) {
  char space[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec piece = {.iov_base = "x", .iov_len = 1};
  struct msghdr message = {
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  *head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  int file = 0, passed = 0;
  memcpy(CMSG_DATA(head), &file, sizeof file);
  while (passed < 100 && sendmsg(3, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == 1) passed++;
  if (passed) gain("%d descriptors in the host's queue", passed);
}
