#include "nats_client.h"

#if __has_include(<nats/nats.h>)

#include <dlfcn.h>
#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SUBJECT "promethean.p.bench.t.t0.voice.frame"
#define STREAM_SUBJECT "promethean.p.bench.t.t0.events.BenchEvent"
/// How long nothing may come before the rest is taken for lost, in milliseconds.
#define PATIENCE 2000

/// The functions that are used, under their own names.
#define FUNCTIONS(F)                                                                                                   \
  F(natsConnection_ConnectTo)                                                                                          \
  F(natsConnection_SubscribeSync)                                                                                      \
  F(natsSubscription_SetPendingLimits)                                                                                 \
  F(natsSubscription_NextMsg)                                                                                          \
  F(natsMsg_Destroy)                                                                                                   \
  F(natsConnection_Publish)                                                                                            \
  F(natsConnection_Flush)                                                                                              \
  F(natsConnection_JetStream)                                                                                          \
  F(jsOptions_Init)                                                                                                    \
  F(jsStreamConfig_Init)                                                                                               \
  F(js_AddStream)                                                                                                      \
  F(js_PublishAsync)                                                                                                   \
  F(js_PublishAsyncComplete)

static struct {
#define DECLARE(name) __typeof__(&name) name;
  FUNCTIONS(DECLARE)
} nats;

int nats_client_exists(void) {
  void *library = dlopen("libnats.so", RTLD_NOW | RTLD_LOCAL);
  if (!library) return 0;
#define FIND(name)                                                                                                     \
  if (!(nats.name = (__typeof__(&name))dlsym(library, #name))) return 0;
  FUNCTIONS(FIND)
  return 1;
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// What the host's runners yield to others, so that both have the same of a busy machine.
#define NICE 10

static natsConnection *connect_to(const char *url) {
  natsConnection *connection = NULL;
  if (nice(NICE) < 0) fprintf(stderr, "nats: not as nice as the host's plugins\n");
  if (!nats_client_exists() || nats.natsConnection_ConnectTo(&connection, url) != NATS_OK) {
    fprintf(stderr, "nats: no connection to %s\n", url);
    exit(1);
  }
  return connection;
}

int nats_client_subscribe(const char *url, uint64_t count) {
  natsConnection *connection = connect_to(url);
  natsSubscription *subscription = NULL;
  if (nats.natsConnection_SubscribeSync(&subscription, connection, SUBJECT) != NATS_OK) return 1;
  nats.natsSubscription_SetPendingLimits(subscription, -1, -1);
  if (nats.natsConnection_Flush(connection) != NATS_OK) return 1;
  puts("ready");
  fflush(stdout);
  uint64_t received = 0;
  int64_t last = 0;
  natsMsg *message;
  // The first may take until the publisher has been started.
  while (received < count && nats.natsSubscription_NextMsg(&message, subscription, received ? PATIENCE : 5 * PATIENCE) == NATS_OK) {
    last = now();
    received++;
    nats.natsMsg_Destroy(message);
  }
  printf("%llu %lld\n", (unsigned long long)received, (long long)last);
  return received == 0;
}

int nats_client_publish(const char *url, uint32_t size, uint64_t count) {
  natsConnection *connection = connect_to(url);
  uint8_t *payload = calloc(1, size);
  int64_t begun = now();
  for (uint64_t i = 0; i < count; i++)
    if (nats.natsConnection_Publish(connection, SUBJECT, payload, (int)size) != NATS_OK) return 1;
  if (nats.natsConnection_Flush(connection) != NATS_OK) return 1;
  printf("%lld\n", (long long)begun);
  return 0;
}

int nats_client_persist(const char *url, uint32_t size, uint64_t count, uint32_t window) {
  natsConnection *connection = connect_to(url);
  jsCtx *stream = NULL;
  jsOptions options;
  jsStreamConfig config;
  nats.jsOptions_Init(&options);
  nats.jsStreamConfig_Init(&config);
  const char *subjects[] = {STREAM_SUBJECT};
  options.PublishAsync.MaxPending = window;
  config.Name = "BENCH";
  config.Subjects = subjects;
  config.SubjectsLen = 1;
  config.Storage = js_FileStorage;
  if (nats.natsConnection_JetStream(&stream, connection, &options) != NATS_OK) return 1;
  if (nats.js_AddStream(NULL, stream, &config, NULL, NULL) != NATS_OK) return 1;
  uint8_t *payload = calloc(1, size);
  int64_t begun = now();
  for (uint64_t i = 0; i < count; i++)
    if (nats.js_PublishAsync(stream, STREAM_SUBJECT, payload, (int)size, NULL) != NATS_OK) return 1;
  if (nats.js_PublishAsyncComplete(stream, NULL) != NATS_OK) return 1;
  printf("%lld\n", (long long)(now() - begun));
  return 0;
}

#else

int nats_client_exists(void) { return 0; }
int nats_client_subscribe(const char *url, uint64_t count) { return (void)url, (void)count, 1; }
int nats_client_publish(const char *url, uint32_t size, uint64_t count) { return (void)url, (void)size, (void)count, 1; }
int nats_client_persist(const char *url, uint32_t size, uint64_t count, uint32_t window) {
  return (void)url, (void)size, (void)count, (void)window, 1;
}

#endif
