// The form of the table of system calls.

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

extern const seccomp_rule seccomp_rules[];
extern const unsigned seccomp_rule_count;
/// In force for a plugin that was granted a path to write to.
extern const seccomp_rule seccomp_write_rules[];
extern const unsigned seccomp_write_rule_count;

#endif
