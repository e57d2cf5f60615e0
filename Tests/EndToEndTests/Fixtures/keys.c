// A plugin whose keys of state look like paths: it writes each, reads each again, and tries tenants that look like paths
// too. It answers with how many documents were written, came back as its own, and were denied.

#define HAS_COMPLETED
#include "fixture.h"

#define KEY(literal) {(const uint8_t *)(literal), sizeof(literal) - 1}

static const promethean_bytes keys[] = {
    KEY("../../../promethean-escaped"), KEY("/tmp/promethean-escaped"), KEY(".."), KEY("."), KEY("a/b"), KEY("a//b"),
    KEY("escaped"), KEY("escaped\0"), KEY("escaped\0.sqlite"), KEY("%2e%2e%2fpromethean-escaped"), KEY("..\\promethean-escaped"),
    KEY("'; DROP TABLE state; --"), KEY("journal.sqlite"),
};
enum { key_count = sizeof keys / sizeof *keys };

static const char *const tenants[][2] = {{"..", ".."}, {"echo", ".."}, {"echo", "../other"}, {"echo", "demo/../other"},
                                         {"echo", "demo/"}, {"", "demo"}, {"echo", "DEMO"}, {"echo", "other"}};
enum { tenant_count = sizeof tenants / sizeof *tenants };

/// Tokens: a key's number and what is done with it.
enum { put = 1000, get = 2000, foreign = 3000 };

static int written, returned, denied, open_;
static uint64_t asked;

static uint8_t number_of(uint64_t key) { return (uint8_t)('A' + key); }

static void answer(void) {
  char json[128];
  snprintf(json, sizeof json, "{\"written\":%d,\"returned\":%d,\"denied\":%d}", written, returned, denied);
  respond(asked, json);
}

static void read_all(void) {
  for (uint64_t key = 0; key < key_count; key++, open_++)
    if (keeping->get(host->context, text("echo"), text("demo"), keys[key], get + key) != PROMETHEAN_PENDING) abort();
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance, (void)envelope;
  asked = delivery;
  written = returned = denied = 0;
  for (uint64_t key = 0; key < key_count; key++, open_++) {
    uint8_t content = number_of(key);
    promethean_bytes document = {&content, 1};
    if (keeping->put(host->context, text("echo"), text("demo"), keys[key], UINT64_MAX, document, put + key) !=
        PROMETHEAN_PENDING)
      abort();
  }
  for (uint64_t i = 0; i < tenant_count; i++, open_++)
    if (keeping->put(host->context, text(tenants[i][0]), text(tenants[i][1]), text("key"), UINT64_MAX, text("x"),
                     foreign + i) != PROMETHEAN_PENDING)
      abort();
  return PROMETHEAN_PENDING;
}

static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result) {
  (void)instance, (void)message;
  int is_read = token >= get && token < foreign;
  if (token < get) written += status == PROMETHEAN_OK;
  else if (token >= foreign) denied += status == PROMETHEAN_DENIED;
  else if (status == PROMETHEAN_OK && result->payload.size == 1)
    returned += result->payload.data[0] == number_of(token - get);
  if (--open_ > 0) return;
  if (is_read) answer();
  else read_all();
}
