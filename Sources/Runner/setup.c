#include "setup.h"

#include <string.h>

#include "control.h"

/// Where the texts of the set-up stay.
static uint8_t message[WIRE_CONTROL_MAX];

/// The next NUL-terminated text before `end`.
static const char *take(const uint8_t **at, const uint8_t *end) {
  const uint8_t *text = *at;
  const uint8_t *stop = memchr(text, 0, (size_t)(end - text));
  if (!stop) control_fail(WIRE_STAGE_SETUP, "the set-up ends within a text");
  *at = stop + 1;
  return (const char *)text;
}

void setup_receive(setup *setup) {
  wire_control head;
  int none;
  long size = control_receive(message, 1, &head, &none);
  if (head.kind != WIRE_SETUP || size < (long)sizeof setup->head)
    control_fail(WIRE_STAGE_SETUP, "expected a set-up, found message %u of %ld bytes", head.kind, size);
  memcpy(&setup->head, message, sizeof setup->head);
  if (setup->head.protocol != WIRE_PROTOCOL)
    control_fail(WIRE_STAGE_SETUP, "host and runner are of different builds: protocol %u, expected %u",
                 setup->head.protocol, WIRE_PROTOCOL);
  if (setup->head.paths > SETUP_PATHS_MAX)
    control_fail(WIRE_STAGE_SETUP, "%u paths, expected at most %u", setup->head.paths, SETUP_PATHS_MAX);

  const uint8_t *at = message + sizeof setup->head, *end = message + size;
  const char **texts[] = {&setup->library, &setup->plugin_id, &setup->instance_name, &setup->provider,
                          &setup->tenant,  &setup->config,    &setup->config_rev,    &setup->binding};
  for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) *texts[i] = take(&at, end);
  if (strchr(setup->library, '/'))
    control_fail(WIRE_STAGE_SETUP, "%s: expected a file name, found a path", setup->library);
  for (uint32_t i = 0; i < setup->head.paths; i++) {
    const char *path = take(&at, end);
    if (!strchr("lrw", path[0]) || path[1] != '/')
      control_fail(WIRE_STAGE_SETUP, "path %u: expected l, r or w and an absolute path, found %s", i, path);
    setup->paths[i] = (sandbox_path){.access = path[0], .path = path + 1};
  }
}

sandbox_plan setup_plan(const setup *setup) {
  return (sandbox_plan){
      .paths = setup->paths,
      .path_count = setup->head.paths,
      .library = WIRE_FD_LIBRARY,
      .library_name = setup->library,
      .namespaces = !(setup->head.flags & WIRE_SETUP_NO_NAMESPACES),
      .landlock = !(setup->head.flags & WIRE_SETUP_NO_LANDLOCK),
      .uid = setup->head.uid,
      .gid = setup->head.gid,
      .nice = setup->head.nice,
      .address_space = setup->head.address_space,
      .data = setup->head.data,
      .file_size = setup->head.file_size,
      .descriptors = setup->head.descriptors,
      .threads = setup->head.threads,
  };
}
