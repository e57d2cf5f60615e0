// Mapping the plugin's library and judging its table.

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "runner.h"

/// Bytes of the table up to what an older one may lack: the version, and the functions of 1.0.
#define VERSION_END offsetof(promethean_plugin, create)
#define TABLE_MIN offsetof(promethean_plugin, extension)

/// Who a message is about.
#define WHO "%s (%s): "
#define NAMES(setup) (setup)->plugin_id, (setup)->library

static void check_version(const setup *setup, const promethean_plugin *table) {
  if (table->struct_size < VERSION_END)
    control_fail(WIRE_STAGE_LOAD, WHO "its table is too small: expected at least %zu bytes, found %u", NAMES(setup),
                 TABLE_MIN, table->struct_size);
  if (table->abi_major != PROMETHEAN_ABI_MAJOR || table->abi_minor > PROMETHEAN_ABI_MINOR)
    control_fail(WIRE_STAGE_LOAD, WHO "it is built for ABI %u.%u, expected %u.%u%s", NAMES(setup), table->abi_major,
                 table->abi_minor, PROMETHEAN_ABI_MAJOR, PROMETHEAN_ABI_MINOR,
                 PROMETHEAN_ABI_MINOR ? " or an older minor version" : "");
  if (table->struct_size < TABLE_MIN)
    control_fail(WIRE_STAGE_LOAD, WHO "its table is too small: expected at least %zu bytes, found %u", NAMES(setup),
                 TABLE_MIN, table->struct_size);
}

static void check_functions(const setup *setup, const promethean_plugin *table) {
  const struct {
    const char *name;
    int is_there;
  } functions[] = {
      {"create", table->create != NULL},       {"start", table->start != NULL}, {"deliver", table->deliver != NULL},
      {"completed", table->completed != NULL}, {"poll", table->poll != NULL},   {"stop", table->stop != NULL},
      {"destroy", table->destroy != NULL},
  };
  for (unsigned i = 0; i < sizeof functions / sizeof *functions; i++)
    if (!functions[i].is_there)
      control_fail(WIRE_STAGE_LOAD, WHO "its table has no `%s`: expected a function, found NULL", NAMES(setup),
                   functions[i].name);
}

static void check_id(const setup *setup, const promethean_plugin *table) {
  size_t size = strlen(setup->plugin_id);
  if (table->id.size == size && !memcmp(table->id.data, setup->plugin_id, size)) return;
  promethean_bytes found = text_cut(table->id, 64);
  control_fail(WIRE_STAGE_LOAD, WHO "its table bears another id than its manifest: expected %s, found %.*s",
               NAMES(setup), setup->plugin_id, (int)found.size, found.size ? (const char *)found.data : "");
}

void library_load(runner *runner, const char *path) {
  const setup *setup = &runner->setup;
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) control_fail(WIRE_STAGE_LOAD, WHO "it cannot be loaded: %s", NAMES(setup), dlerror());
  close(WIRE_FD_LIBRARY);
  promethean_plugin_entry entry = (promethean_plugin_entry)dlsym(library, PROMETHEAN_PLUGIN_ENTRY);
  if (!entry)
    control_fail(WIRE_STAGE_LOAD, WHO "it is no plugin: expected an exported function `%s`, found none", NAMES(setup),
                 PROMETHEAN_PLUGIN_ENTRY);
  const promethean_plugin *table = entry();
  if (!table)
    control_fail(WIRE_STAGE_LOAD, WHO "it says that it cannot run here: its entry returned no table", NAMES(setup));
  check_version(setup, table);
  size_t size = table->struct_size < sizeof runner->plugin ? table->struct_size : sizeof runner->plugin;
  memcpy(&runner->plugin, table, size);
  check_functions(setup, &runner->plugin);
  check_id(setup, &runner->plugin);
}
