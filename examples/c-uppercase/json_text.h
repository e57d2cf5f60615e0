// Finding a text in a JSON object without taking the rest of it apart.

#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <promethean/plugin.h>
#include <string.h>

/// Where a JSON string that begins at `at` (its quote) ends: behind its closing quote. NULL if it has none.
static const uint8_t *json_skip_string(const uint8_t *at, const uint8_t *end) {
  for (at++; at < end && *at != '"'; at++)
    if (*at == '\\') at++;
  return at < end ? at + 1 : NULL;
}

static const uint8_t *json_skip_space(const uint8_t *at, const uint8_t *end) {
  while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) at++;
  return at;
}

/// The value of a key of the outermost object, if it is a string: as it stands there, quotes and escapes included. Else
/// empty.
static promethean_bytes json_text(promethean_bytes object, const char *key) {
  const promethean_bytes none = {0};
  const uint8_t *at = object.data, *end = object.data + object.size;
  int depth = 0;
  while (at < end) {
    if (*at == '{' || *at == '[') depth++;
    if (*at == '}' || *at == ']') depth--;
    if (*at != '"') {
      at++;
      continue;
    }
    const uint8_t *name = at + 1;
    at = json_skip_string(at, end);
    if (!at) return none;
    size_t length = (size_t)(at - name) - 1;
    const uint8_t *colon = json_skip_space(at, end);
    // A string that no colon follows is a value.
    if (colon >= end || *colon != ':') continue;
    at = json_skip_space(colon + 1, end);
    if (depth != 1 || length != strlen(key) || memcmp(name, key, length)) continue;
    if (at >= end || *at != '"') return none;
    const uint8_t *after = json_skip_string(at, end);
    return after ? (promethean_bytes){.data = at, .size = (uint64_t)(after - at)} : none;
  }
  return none;
}

/// Puts the ASCII letters of a JSON string into upper case, all but those of its escapes: \n is not \N.
static void json_uppercase(uint8_t *text, uint64_t size) {
  for (uint64_t i = 0; i < size; i++) {
    if (text[i] == '\\') i += i + 1 < size && text[i + 1] == 'u' ? 5 : 1;
    else if (text[i] >= 'a' && text[i] <= 'z') text[i] -= 'a' - 'A';
  }
}

#endif
