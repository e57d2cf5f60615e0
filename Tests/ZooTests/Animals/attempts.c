// What all attempts share: what they were told, and how they speak.

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "zoo.h"

/// Where what is said goes; each of plugin.c and program.c has its own.
void speak(const char *line);

/// The longest message, and the longest line that is said.
#define MESSAGE_MAX 8192
#define LINE_MAX_ 1024

static char facts[MESSAGE_MAX];

static void say(const char *prefix, const char *format, va_list arguments) {
  char line[LINE_MAX_];
  int length = snprintf(line, sizeof line, "%s", prefix);
  vsnprintf(line + length, sizeof line - (size_t)length, format, arguments);
  speak(line);
}

void said(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say("", format, arguments);
  va_end(arguments);
}

void gain(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say("gain: ", format, arguments);
  va_end(arguments);
}

void show_bytes(const void *bytes, size_t size) {
  char line[LINE_MAX_] = "";
  const unsigned char *from = bytes;
  if (size >= sizeof line) size = sizeof line - 1;
  for (size_t i = 0; i < size; i++) line[i] = isprint(from[i]) ? (char)from[i] : '.';
  line[size] = 0;
  if (size) said("saw: %s", line);
}

void show(int file) {
  char bytes[900];
  ssize_t size;
  if (file < 0) return;
  while ((size = read(file, bytes, sizeof bytes)) > 0) show_bytes(bytes, (size_t)size);
  close(file);
}

/// Facts stand one a line: NAME=VALUE.
const char *fact(const char *name) {
  size_t length = strlen(name);
  for (const char *line = facts; *line; line += strlen(line) + 1)
    if (!strncmp(line, name, length) && line[length] == '=') return line + length + 1;
  return "";
}

long number(const char *name) { return strtol(fact(name), NULL, 10); }

const char *below(const char *name, const char *file) {
  static char paths[4][512];
  static unsigned next;
  char *path = paths[next++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", fact(name), file);
  return path;
}

int attempt(const char *message) {
  static const struct {
    const char *name;
    void (*run)(void);
  } attempts[] = {
#define ENTRY(name) {#name, name},
      ATTEMPTS(ENTRY)
#undef ENTRY
  };
  snprintf(facts, sizeof facts - 1, "%s\n", message);
  // The list ends with an empty line.
  facts[strlen(facts) + 1] = 0;
  for (char *end = facts; (end = strchr(end, '\n')); end++) *end = 0;
  for (unsigned i = 0; i < sizeof attempts / sizeof *attempts; i++) {
    if (strcmp(attempts[i].name, fact("attempt"))) continue;
    attempts[i].run();
    return 1;
  }
  return 0;
}
