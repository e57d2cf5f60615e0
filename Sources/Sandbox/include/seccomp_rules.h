// The form of the table of system calls. Public for the tests, which hold it against what is written and installed.

#ifndef SECCOMP_RULES_H
#define SECCOMP_RULES_H

#include <linux/seccomp.h>
#include <stdint.h>

#define SECCOMP_TESTS_MAX 2
#define SECCOMP_VALUES_MAX 12

/// What an argument must be: after `mask`, one of the values. An argument that is a pointer must be NULL, in both its
/// halves.
typedef struct seccomp_test {
  uint8_t argument;
  uint8_t is_pointer;
  uint8_t count;
  uint32_t mask;
  uint32_t values[SECCOMP_VALUES_MAX];
} seccomp_test;

/// What becomes of a call whose arguments pass all tests. Rules of one call stand together, and the first that fits
/// decides.
typedef struct seccomp_rule {
  uint16_t call;
  uint8_t tests;
  uint32_t action;
  seccomp_test test[SECCOMP_TESTS_MAX];
} seccomp_rule;

/// In the place of a value: the process that installs the filter.
#define SECCOMP_OWN_PROCESS UINT32_MAX

/// Rules that stand in the table for one reason.
typedef struct seccomp_group {
  const char *name;
  /// Why plugins have these calls, or why they do not, for people.
  const char *reason;
  /// In force only for a plugin that was granted a path to write to.
  int writes;
  unsigned count;
  const seccomp_rule *rules;
} seccomp_group;

extern const seccomp_group seccomp_groups[];
extern const unsigned seccomp_group_count;

/// For Swift, which sees no array of open length.
static inline const seccomp_group *seccomp_group_at(unsigned index) { return &seccomp_groups[index]; }

#endif
