// An access plugin that has credentials and gives them away in every way that it is asked to: on standard error, in the log, in
// errors, in names, in what it hands over, and by dying with them. It does so as they are and encoded as programs do.
//
// The intent of an envelope says what it does. A credential `file` that begins with "bad" keeps it from starting.

#define HAS_CREATE
#define HAS_START
#define HAS_EXTENSIONS
#include <ctype.h>

#include "fixture.h"

/// More than any form of the credentials of these tests takes.
#define FORM_MAX 1024

static const promethean_secrets_v1 *secrets;
static const promethean_metrics_v1 *metrics;
static const char *const names[] = {"variable", "file", "service"};
enum { count = sizeof names / sizeof *names };
/// What a plugin must not do: a copy, which it still has when the credential has been replaced.
static char kept[count][FORM_MAX];
/// Whether it gives a credential to the next generation.
static int hands_over;

static const char *value(int which) {
  static char copy[FORM_MAX];
  promethean_bytes found;
  copy[0] = 0;
  if (secrets && secrets->find(host->context, text(names[which]), &found) == PROMETHEAN_OK && found.size < FORM_MAX) {
    memcpy(copy, found.data, found.size);
    copy[found.size] = 0;
  }
  return copy;
}

static const char *hex(const char *from, const char *digits) {
  static char into[FORM_MAX];
  char *end = into;
  for (; *from; from++) {
    *end++ = digits[(uint8_t)*from >> 4];
    *end++ = digits[*from & 15];
  }
  *end = 0;
  return into;
}

static const char *url(const char *from, const char *digits) {
  static char into[FORM_MAX];
  char *end = into;
  for (; *from; from++) {
    if (isalnum((uint8_t)*from) || strchr("-._~", *from)) *end++ = *from;
    else {
      *end++ = '%';
      *end++ = digits[(uint8_t)*from >> 4];
      *end++ = digits[*from & 15];
    }
  }
  *end = 0;
  return into;
}

/// As it is encoded within a text in which some bytes stand before it.
static const char *base64(const char *from, const char *before, const char *last) {
  static char into[FORM_MAX];
  char whole[FORM_MAX];
  const char *letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  size_t size = (size_t)snprintf(whole, sizeof whole, "%s%s", before, from);
  char *end = into;
  for (size_t i = 0; i < size; i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; j++) group = group << 8 | (i + j < size ? (uint8_t)whole[i + j] : 0);
    for (int j = 18; j >= 0; j -= 6) {
      uint32_t digit = group >> j & 63;
      *end++ = digit < 62 ? letters[digit] : last[digit - 62];
    }
  }
  *end = 0;
  return into;
}

static void say(const char *what) {
  fprintf(stderr, "standard error: %s.\n", what);
  fflush(stderr);
  logging->write(host->context, PROMETHEAN_LOG_INFO, text(what), text(""));
  char fields[FORM_MAX + 32] = "{\"field\":\"", *end = fields + strlen(fields);
  for (const char *from = what; *from; from++) {
    if (strchr("\"\\", *from)) *end++ = '\\';
    *end++ = *from;
  }
  strcpy(end, "\"}");
  logging->write(host->context, PROMETHEAN_LOG_WARN, text("in a field"), text(fields));
}

static void say_all(const char *secret) {
  const char *upper = "0123456789ABCDEF", *lower = "0123456789abcdef";
  say(secret);
  say(hex(secret, upper));
  say(hex(secret, lower));
  say(url(secret, upper));
  say(url(secret, lower));
  for (int i = 0; i < 3; i++) {
    say(base64(secret, "ab" + i, "+/"));
    say(base64(secret, "ab" + i, "-_"));
  }
  // A name of a metric, which hexadecimal digits may be.
  char name[FORM_MAX + 8];
  snprintf(name, sizeof name, "leak_%s", hex(secret, lower));
  metrics->record(host->context, PROMETHEAN_METRIC_GAUGE, text(name), 1);
  metrics->record(host->context, PROMETHEAN_METRIC_GAUGE, text("harmless"), 1);
  // Others that the host refuses, and says why.
  metrics->record(host->context, PROMETHEAN_METRIC_GAUGE, text(secret), 1);
  promethean_envelope envelope = {.struct_size = sizeof envelope, .topic = text(secret), .intent = text("Leak")};
  publishing->publish(host->context, &envelope, 0);
  subscribing->subscribe(host->context, text(secret), 1);
}

static promethean_status fail(const char *secret) {
  char why[FORM_MAX + 32];
  snprintf(why, sizeof why, "the provider refused %s", secret);
  host->error_set(host->context, text(why));
  return PROMETHEAN_FAILED;
}

static promethean_status create(const promethean_host *given, void **instance) {
  find_extensions(given);
  secrets = host->extension(host->context, text(PROMETHEAN_SECRETS_V1));
  metrics = host->extension(host->context, text(PROMETHEAN_METRICS_V1));
  *instance = NULL;
  return PROMETHEAN_OK;
}

static promethean_status start(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
  for (int i = 0; i < count; i++) strcpy(kept[i], value(i));
  return strncmp(kept[1], "bad", 3) ? PROMETHEAN_OK : fail(kept[1]);
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance;
  if (is(envelope->intent, "sizes")) {
    char json[128];
    snprintf(json, sizeof json, "{\"variable\":%zu,\"file\":%zu,\"service\":%zu}", strlen(value(0)), strlen(value(1)),
             strlen(value(2)));
    return respond(delivery, json);
  }
  if (is(envelope->intent, "say") || is(envelope->intent, "say_old")) {
    for (int i = 0; i < count; i++) say_all(is(envelope->intent, "say") ? value(i) : kept[i]);
    hands_over = is(envelope->intent, "say_old");
    return respond(delivery, "{}");
  }
  if (is(envelope->intent, "fail") || is(envelope->intent, "Failing"))
    return fail(value((int)number(envelope->payload, "n", 0)));
  // It dies of this, and holds it meanwhile.
  if (is(envelope->intent, "Crashing")) {
    fprintf(stderr, "it dies of %s\n", value(1));
    abort();
  }
  return PROMETHEAN_OK;
}

// MARK: - Handing over

static promethean_status give(void *instance, promethean_plugin_bytes *state) {
  (void)instance;
  *state = text(hands_over ? kept[1] : "");
  return PROMETHEAN_OK;
}

static promethean_status take_over(void *instance, uint32_t version, promethean_host_bytes state) {
  (void)instance, (void)version;
  char copy[FORM_MAX] = "";
  if (!state.size) return PROMETHEAN_OK;
  memcpy(copy, state.data, state.size < FORM_MAX ? state.size : FORM_MAX - 1);
  return fail(copy);
}

static void resume(void *instance) { (void)instance; }

static const promethean_handover_v1 handover = {sizeof handover, 1, give, take_over, resume};

static const void *extension(void *instance, promethean_host_bytes id) {
  (void)instance;
  return is(id, PROMETHEAN_HANDOVER_V1) ? &handover : NULL;
}
