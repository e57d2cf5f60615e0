// What a runner does to itself before it maps a plugin: give up everything but what the plugin was granted, for good.
//
// The layers complement each other: Landlock sees paths, seccomp sees calls, namespaces hide what neither covers. They
// must all be closed before the plugin's library is mapped, since constructors run then, and code that runs earlier can
// fake what comes later.

#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdint.h>

/// A directory that shared libraries are found in.
#define SANDBOX_LIBRARIES 'l'
/// A path granted to read, or to read and write.
#define SANDBOX_READ 'r'
#define SANDBOX_WRITE 'w'

typedef struct sandbox_path {
  char access;
  /// Absolute and resolved; a parent comes before its children.
  const char *path;
} sandbox_path;

/// What is wanted.
typedef struct sandbox_plan {
  const sandbox_path *paths;
  uint32_t path_count;
  /// The plugin's library: an open descriptor, and a file name to give it.
  int library;
  const char *library_name;
  /// Whether these layers are tried at all.
  int namespaces;
  int landlock;
  /// Who to be, if started as root; 0: stay.
  uint32_t uid;
  uint32_t gid;
  int32_t nice;
  /// Bytes, bytes, bytes of one file, counts.
  uint64_t address_space;
  uint64_t data;
  uint64_t file_size;
  uint64_t descriptors;
  uint64_t threads;
} sandbox_plan;

/// What of the machine is out of reach; see the levels in wire.h.
#define SANDBOX_LEVEL_NONE 1
#define SANDBOX_LEVEL_LANDLOCK 2
#define SANDBOX_LEVEL_FULL 3

/// The layers, in the numbers of wire.h's stages.
#define SANDBOX_STAGE_SETUP 1
#define SANDBOX_STAGE_LIMITS 2
#define SANDBOX_STAGE_NAMESPACES 3
#define SANDBOX_STAGE_IDENTITY 4
#define SANDBOX_STAGE_LANDLOCK 5
#define SANDBOX_STAGE_SECCOMP 6
#define SANDBOX_STAGE_SELF_TEST 7

/// What came of it.
typedef struct sandbox_report {
  /// The level reached, once all is done.
  int level;
  /// The stage at work, or that failed.
  int stage;
  /// /proc/self/task, opened before it went out of sight; -1 without Landlock, which is what keeps a plugin below it.
  int tasks;
  /// Why it failed, or what is missing from the full level.
  char text[400];
  /// Where the library is to be mapped from.
  char library[300];
} sandbox_report;

/// Closes the sandbox around this process, which must have one thread only. Returns 0, or -1 with stage and text: then
/// nothing but an exit is sound, for a part of the layers may be in force.
int sandbox_close(const sandbox_plan *plan, sandbox_report *report);

#endif
