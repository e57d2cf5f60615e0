// A service that dials where it is told to, talks over what it is given, and says how each ended.
//
// Requests: `dial` with {"host":"…","port":…,"say":"…"} is answered with the end of that dial and what came back; `extension` with
// whether there is one; `many` begins as many dials as it can and answers with how many of them ended how; `die` begins one and
// dies before it ends.

#define HAS_CREATE
#define HAS_COMPLETED
#include <errno.h>
#include <unistd.h>

#include "fixture.h"

/// How long it lives on after a dial that it is to die in, in nanoseconds: the host has heard of it by then.
#define AGONY 50000000
/// More than the host has under way for one plugin.
#define MANY 24

static const promethean_dial_v1 *dialling;
static uint64_t asked;
static int open_, ended[3];
static char words[64];

/// The text behind `"name":` in a flat JSON object.
static const char *field(promethean_bytes json, const char *name) {
  static char copy[1024];
  char key[32];
  snprintf(copy, sizeof copy, "%.*s", (int)json.size, (const char *)json.data);
  snprintf(key, sizeof key, "\"%s\":\"", name);
  char *found = strstr(copy, key);
  if (!found) return "";
  found += strlen(key);
  *strchr(found, '"') = 0;
  return found;
}

static promethean_status dial(promethean_bytes payload, uint64_t token) {
  if (!dialling) return PROMETHEAN_DENIED;
  uint16_t port = (uint16_t)number(payload, "port", 0);
  return dialling->dial(host->context, PROMETHEAN_DIAL_TCP, text(field(payload, "host")), port, token);
}

static promethean_status answer(promethean_status status, promethean_bytes message, const char *heard) {
  char json[1024], *end = json + sprintf(json, "{\"status\":%d,\"heard\":\"%s\",\"message\":\"", status, heard);
  for (uint64_t i = 0; i < message.size && i < 800; i++)
    if (message.data[i] != '"') *end++ = (char)message.data[i];
  strcpy(end, "\"}");
  return respond(asked, json);
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance;
  if (is(envelope->intent, "extension")) return respond(delivery, dialling ? "{\"is_there\":1}" : "{\"is_there\":0}");
  asked = delivery;
  if (is(envelope->intent, "many")) {
    memset(ended, 0, sizeof ended);
    for (open_ = 0; open_ < MANY; open_++)
      if (dial(envelope->payload, 2) != PROMETHEAN_PENDING) abort();
    return PROMETHEAN_PENDING;
  }
  snprintf(words, sizeof words, "%s", field(envelope->payload, "say"));
  promethean_status status = dial(envelope->payload, is(envelope->intent, "die") ? 3 : 1);
  if (status != PROMETHEAN_PENDING) return answer(status, text("at once"), "");
  if (is(envelope->intent, "die")) timing->after(host->context, AGONY, 4);
  return PROMETHEAN_PENDING;
}

/// Says something to the peer, if there is anything to say, and returns what comes back.
static const char *talk(int connection) {
  static char heard[64];
  heard[0] = 0;
  if (!words[0]) return heard;
  if (write(connection, words, strlen(words)) != (ssize_t)strlen(words)) return "nothing could be said";
  // It does not block. A peer on this machine answers at once, and the host ends a plugin that waits for too long.
  ssize_t size;
  do size = read(connection, heard, sizeof heard - 1);
  while (size < 0 && errno == EAGAIN);
  heard[size > 0 ? size : 0] = 0;
  return heard;
}

static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result) {
  (void)instance, (void)result;
  if (token == 3 || token == 4) abort();
  if (token == 1) {
    int connection = status == PROMETHEAN_OK ? dialling->take(host->context, token) : -1;
    answer(status, message, connection >= 0 ? talk(connection) : "");
    if (connection >= 0) close(connection);
    return;
  }
  ended[status == PROMETHEAN_TIMEOUT ? 1 : status == PROMETHEAN_UNAVAILABLE ? 2 : 0]++;
  if (--open_ > 0) return;
  char json[128];
  snprintf(json, sizeof json, "{\"other\":%d,\"timeout\":%d,\"unavailable\":%d}", ended[0], ended[1], ended[2]);
  respond(asked, json);
}

static promethean_status create(const promethean_host *given, void **instance) {
  find_extensions(given);
  dialling = host->extension(host->context, text(PROMETHEAN_DIAL_V1));
  *instance = NULL;
  return PROMETHEAN_OK;
}
