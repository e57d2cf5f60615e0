// What the host says first: who the plugin is and what it was granted.

#ifndef SETUP_H
#define SETUP_H

#include <sandbox.h>
#include <wire.h>

/// More than any manifest grants.
#define SETUP_PATHS_MAX 64

/// The texts live as long as the process.
typedef struct setup {
  wire_setup head;
  const char *library;
  const char *plugin_id;
  const char *instance_name;
  const char *provider;
  const char *tenant;
  const char *config;
  const char *config_rev;
  const char *binding;
  sandbox_path paths[SETUP_PATHS_MAX];
} setup;

/// Waits for WIRE_SETUP and takes it apart. If it is not what this runner understands, the process ends.
void setup_receive(setup *setup);

/// What the sandbox is to be.
sandbox_plan setup_plan(const setup *setup);

#endif
