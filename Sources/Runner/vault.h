// Where credentials lie: pages that no other process can read.

#ifndef VAULT_H
#define VAULT_H

#include <stddef.h>
#include <stdint.h>
#include <wire.h>

/// Two sets of credentials, one of which is in use: a newer one is put beside it before it is wiped.
typedef struct vault {
  /// WIRE_VAULT_…
  int kind;
  /// Which half is in use; -1: none yet.
  int current;
  uint8_t *halves[2];
  size_t sizes[2];
} vault;

/// Makes the pages. Returns 0, or -1 with errno. Only before the sandbox is closed.
int vault_prepare(vault *vault);

/// Puts a set into the half that is not in use, and uses it from then on. Returns -1 if it is not well formed.
int vault_put(vault *vault, const uint8_t *set, size_t size);
/// Wipes the half that is not in use.
void vault_wipe_old(vault *vault);
/// Finds a value by name. Returns NULL if there is none.
const uint8_t *vault_find(const vault *vault, const uint8_t *name, size_t name_size, size_t *size);

#endif
