// A worker that publishes as many numbered events as it is asked for, as fast as the host takes them, and answers when all are recorded.

#define HAS_COMPLETED
#define HAS_POLL
#include "fixture.h"

/// Publishes that it leaves unanswered at a time.
#define OPEN_MAX 1024

static long long next, end, open_, failed;
static uint64_t asked;

static void answer_if_over(void) {
  if (!asked || next < end || open_ > 0) return;
  char json[128];
  snprintf(json, sizeof json, "{\"last\":%lld,\"failed\":%lld}", next - 1, failed);
  respond(asked, json);
  asked = 0;
}

static void publish_more(void) {
  while (asked && next < end && open_ < OPEN_MAX) {
    char json[256];
    snprintf(json, sizeof json, "{\"n\":%lld,\"pad\":\"%0128d\"}", next, 0);
    promethean_envelope event = {
        .struct_size = sizeof event,
        .topic = text("promethean.p.echo.t.demo.events.Numbered"),
        .intent = text("Numbered"),
        .key = text("numbers"),
        .payload = text(json),
    };
    if (publishing->publish(host->context, &event, 1) != PROMETHEAN_PENDING) return;
    next++;
    open_++;
  }
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance;
  asked = delivery;
  next = number(envelope->payload, "from", 1);
  end = next + number(envelope->payload, "count", 0);
  failed = 0;
  publish_more();
  return PROMETHEAN_PENDING;
}

static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result) {
  (void)instance, (void)token, (void)message, (void)result;
  open_--;
  if (status != PROMETHEAN_OK) failed++;
  publish_more();
  answer_if_over();
}

static void poll(void *instance) {
  (void)instance;
  publish_more();
}
