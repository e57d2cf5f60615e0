// The layers of the sandbox, a file each. All return 0, or -1 after `sandbox_failed`.

#ifndef LAYERS_H
#define LAYERS_H

#include "sandbox.h"

/// Notes why the stage at work failed. Returns -1.
int sandbox_failed(sandbox_report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// Dies with the parent, yields to it, and keeps within the plan's bytes and counts.
int limits_apply(const sandbox_plan *plan, sandbox_report *report);
/// Has this process killed when the thread that spawned it ends.
int limits_die_with_parent(sandbox_report *report);
/// Keeps within the plan's threads. Counted by user, so after the user namespace is made.
int limits_threads(const sandbox_plan *plan, sandbox_report *report);
/// Leaves the machine's network, IPC, host name and mounts.
int namespaces_apply(const sandbox_plan *plan, sandbox_report *report);
/// Makes a root of its own in which nothing exists but what the plan names.
int private_root_enter(const sandbox_plan *plan, sandbox_report *report);
/// Becomes the plan's user and locks the way back.
int identity_change(const sandbox_plan *plan, sandbox_report *report);
/// Lays every capability down, and hides memory from others of the same user.
int identity_disarm(sandbox_report *report);
/// Closes all paths but the plan's, TCP, signals and abstract sockets.
int landlock_apply(const sandbox_plan *plan, sandbox_report *report);
/// Closes all system calls but those of the table in seccomp_rules.c.
int seccomp_apply(const sandbox_plan *plan, sandbox_report *report);
/// Tries what must be impossible by now.
int self_test_run(const sandbox_plan *plan, sandbox_report *report);

#endif
