// Two plugins that are given the same questions: one that answers late, and one that answers in its place by every name
// that it knows or guesses.

#include "fixture.h"

#ifdef HONEST

static uint64_t held;

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance;
  if (is(envelope->intent, "question")) {
    held = delivery;
    return PROMETHEAN_PENDING;
  }
  if (!is(envelope->intent, "release")) return PROMETHEAN_OK;
  promethean_status status = respond(held, "{\"from\":\"holder\"}");
  return status == PROMETHEAN_PENDING ? respond(delivery, "{}") : status;
}

#else

/// Deliveries of others that are guessed: how often a place was used, and the place.
enum { lives = 4, places = 16 };

/// What pairs the question with its answer.
static char corr[128];

/// Answers and settles each delivery but its own. Returns how many.
static int forge_deliveries(uint64_t own) {
  int tried = 0;
  for (uint64_t life = 1; life <= lives; life++) {
    for (uint64_t place = 0; place < places; place++) {
      uint64_t delivery = life << 32 | place;
      if (delivery == own) continue;
      if (respond(delivery, "{\"from\":\"forger\"}") != PROMETHEAN_PENDING) abort();
      for (int way = PROMETHEAN_SETTLE_ACK; way <= PROMETHEAN_SETTLE_REJECT; way++)
        if (subscribing->settle(host->context, delivery, way, text("it is mine")) != PROMETHEAN_OK) abort();
      tried++;
    }
  }
  return tried;
}

/// Publishes what looks like the answer.
static void forge_envelope(void) {
  promethean_envelope answer = {
      .struct_size = sizeof answer,
      .flags = PROMETHEAN_FLAG_RESPONSE,
      .topic = text("promethean.p.echo.t.demo.jobs.question"),
      .intent = text("answer"),
      .corr = text(corr),
      .payload = text("{\"from\":\"forger\"}"),
  };
  publishing->publish(host->context, &answer, 0);
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance;
  if (is(envelope->intent, "question")) {
    // It is given the question too, with what pairs it with its answer, and answers it at once.
    snprintf(corr, sizeof corr, "%.*s", (int)envelope->corr.size, envelope->corr.data);
    return respond(delivery, "{\"from\":\"forger\"}");
  }
  if (!is(envelope->intent, "forge")) return PROMETHEAN_OK;
  if (*corr) forge_envelope();
  char json[64];
  snprintf(json, sizeof json, "{\"knows\":%d,\"tried\":%d}", *corr != 0, *corr ? forge_deliveries(delivery) : 0);
  return respond(delivery, json);
}

#endif
