// A plugin that tries, when it is asked to, what its grants do not allow, and answers with the status of each try, by name.

#define HAS_COMPLETED
#include "fixture.h"

enum { tries = 10 };
static const char *names[tries + 1];
static promethean_status results[tries + 1];
static int open_, begun;
static uint64_t asked;

static promethean_envelope plain(const char *topic) {
  return (promethean_envelope){
      .struct_size = sizeof(promethean_envelope), .topic = text(topic), .intent = text("Hostile"), .payload = text("{}")};
}

/// Notes a try, of which `completed` tells how it ended unless it has ended.
static void note(const char *name, promethean_status status) {
  names[begun] = name;
  results[begun] = status;
  if (status == PROMETHEAN_PENDING) open_++;
}

static void try_publish(const char *name, promethean_envelope envelope) {
  begun++;
  note(name, publishing->publish(host->context, &envelope, (uint64_t)begun));
}

static void try_subscribe(const char *name, const char *pattern) {
  begun++;
  note(name, subscribing->subscribe(host->context, text(pattern), (uint64_t)begun));
}

static void try_request(const char *name, const char *topic) {
  begun++;
  promethean_envelope envelope = plain(topic);
  envelope.resource = text("messages");
  note(name, requesting->request(host->context, &envelope, (uint64_t)begun));
}

static void answer_if_over(void) {
  if (open_ > 0 || !asked) return;
  char json[1024] = "{", *end = json + 1;
  for (int i = 1; i <= begun; i++) end += sprintf(end, "%s\"%s\":%d", i > 1 ? "," : "", names[i], results[i]);
  strcpy(end, "}");
  respond(asked, json);
  asked = 0;
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance, (void)envelope;
  asked = delivery;
  begun = 0;
  promethean_envelope lie = plain("promethean.p.echo.t.demo.events.Allowed");
  try_publish("allowed", lie);
  lie.src = text("echo");
  try_publish("source", lie);
  lie.src = text("");
  lie.tenant = text("other");
  try_publish("claimed_tenant", lie);
  lie.tenant = text("");
  lie.reply = text("a-forged-handle");
  try_publish("reply", lie);
  try_publish("other_tenant", plain("promethean.p.echo.t.other.events.Allowed"));
  try_publish("topic", plain("promethean.p.echo.t.demo.rest.request"));
  try_publish("system", plain("promethean.sys.events.Allowed"));
  try_subscribe("subscribe", "promethean.p.echo.t.demo.events.>");
  try_subscribe("subscribe_other_tenant", "promethean.p.echo.t.other.control.attack");
  try_request("storage", "promethean.p.echo.t.demo.storage.documents.count");
  return PROMETHEAN_PENDING;
}

static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result) {
  (void)instance, (void)message, (void)result;
  results[token] = status;
  open_--;
  answer_if_over();
}
