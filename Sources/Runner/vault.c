#include "vault.h"

#include <CLinux.h>
#include <string.h>

/// Both halves; they are charged to the limit of locked memory.
#define VAULT_SIZE (2 * (size_t)WIRE_SECRETS_MAX)

int vault_prepare(vault *vault) {
  int is_secret;
  uint8_t *pages = linux_secret_pages(VAULT_SIZE, &is_secret);
  if (!pages) return -1;
  vault->kind = is_secret ? WIRE_VAULT_SECRET : WIRE_VAULT_LOCKED;
  vault->halves[0] = pages;
  vault->halves[1] = pages + WIRE_SECRETS_MAX;
  vault->current = -1;
  return 0;
}

/// The next part, its length before it. Returns NULL at the end of the set, or if it is cut short.
static const uint8_t *part(const uint8_t **at, const uint8_t *end, size_t *size) {
  uint16_t length;
  if ((size_t)(end - *at) < sizeof length) return NULL;
  memcpy(&length, *at, sizeof length);
  const uint8_t *begin = *at + sizeof length;
  if ((size_t)(end - begin) < length) return NULL;
  *at = begin + length;
  *size = length;
  return begin;
}

static int is_well_formed(const uint8_t *set, size_t size) {
  const uint8_t *at = set, *end = set + size;
  size_t length;
  while (at < end)
    if (!part(&at, end, &length) || !part(&at, end, &length)) return 0;
  return 1;
}

int vault_put(vault *vault, const uint8_t *set, size_t size) {
  if (vault->kind == WIRE_VAULT_NONE || size > WIRE_SECRETS_MAX || !is_well_formed(set, size)) return -1;
  int next = vault->current == 0;
  memcpy(vault->halves[next], set, size);
  vault->sizes[next] = size;
  vault->current = next;
  return 0;
}

void vault_wipe_old(vault *vault) {
  int old = vault->current == 0;
  explicit_bzero(vault->halves[old], vault->sizes[old]);
  vault->sizes[old] = 0;
}

const uint8_t *vault_find(const vault *vault, const uint8_t *name, size_t name_size, size_t *size) {
  if (vault->kind == WIRE_VAULT_NONE || vault->current < 0) return NULL;
  const uint8_t *at = vault->halves[vault->current], *end = at + vault->sizes[vault->current];
  size_t length;
  for (const uint8_t *found; (found = part(&at, end, &length));) {
    int is_it = length == name_size && !memcmp(found, name, length);
    const uint8_t *value = part(&at, end, size);
    if (is_it) return value;
  }
  return NULL;
}
