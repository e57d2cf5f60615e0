#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layers.h"
#include "seccomp_rules.h"

#if !defined(__x86_64__)
#error "the table of system calls is x86-64's"
#endif

/// System calls of the x32 ABI have this bit; they would pass by every number in the table.
#define X32_BIT 0x40000000u

/// Longer than the table needs; the kernel's limit is 4096.
#define PROGRAM_MAX 1200

typedef struct program {
  struct sock_filter code[PROGRAM_MAX];
  unsigned length;
} program;

static void emit(program *to, uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false) {
  if (to->length < PROGRAM_MAX) to->code[to->length] = (struct sock_filter){code, if_true, if_false, value};
  to->length++;
}

static void load(program *to, size_t offset) { emit(to, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0); }
static void answer(program *to, uint32_t action) { emit(to, BPF_RET | BPF_K, action, 0, 0); }
static void unless_equal(program *to, uint32_t value, uint8_t skip) {
  emit(to, BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip);
}

static void load_number(program *to) { load(to, offsetof(struct seccomp_data, nr)); }

static void load_argument(program *to, int index, int high) {
  load(to, offsetof(struct seccomp_data, args) + (size_t)index * 8 + (high ? 4 : 0));
}

/// Instructions of a test: load, mask, a comparison a value, and for a pointer a second load and comparison.
static unsigned test_length(const seccomp_test *test) { return 2 + test->count + (test->is_pointer ? 2 : 0); }

/// Goes on behind itself if the test is passed, and `fail` instructions after its end if not.
static void emit_test(program *to, const seccomp_test *test, unsigned fail) {
  load_argument(to, test->argument, 0);
  emit(to, BPF_ALU | BPF_AND | BPF_K, test->mask, 0, 0);
  unsigned behind = test->is_pointer ? 2 : 0;
  for (unsigned i = 0; i < test->count; i++) {
    unsigned left = test->count - 1u - i;
    uint32_t value = test->values[i] == SECCOMP_OWN_PROCESS ? (uint32_t)getpid() : test->values[i];
    emit(to, BPF_JMP | BPF_JEQ | BPF_K, value, (uint8_t)left, (uint8_t)(left ? 0 : behind + fail));
  }
  if (!test->is_pointer) return;
  load_argument(to, test->argument, 1);
  unless_equal(to, 0, (uint8_t)fail);
}

static void emit_rule(program *to, const seccomp_rule *rule) {
  unsigned body = 1;
  for (int i = 0; i < rule->tests; i++) body += test_length(&rule->test[i]);
  // A failed test ends at a reload of the number that it has overwritten; another call's skips that too.
  unless_equal(to, rule->call, (uint8_t)(body + (rule->tests ? 1 : 0)));
  unsigned rest = body;
  for (int i = 0; i < rule->tests; i++) {
    rest -= test_length(&rule->test[i]);
    emit_test(to, &rule->test[i], rest);
  }
  answer(to, rule->action);
  if (rule->tests) load_number(to);
}

static void build(program *to, int writes) {
  load(to, offsetof(struct seccomp_data, arch));
  unless_equal(to, AUDIT_ARCH_X86_64, 2);
  load_number(to);
  emit(to, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
  answer(to, SECCOMP_RET_KILL_PROCESS);
  for (unsigned i = 0; i < seccomp_group_count; i++) {
    const seccomp_group *group = &seccomp_groups[i];
    for (unsigned j = 0; (writes || !group->writes) && j < group->count; j++) emit_rule(to, &group->rules[j]);
  }
  answer(to, SECCOMP_RET_ERRNO | EPERM);
}

int seccomp_apply(const sandbox_plan *plan, sandbox_report *report) {
  int writes = 0;
  for (uint32_t i = 0; i < plan->path_count; i++) writes |= plan->paths[i].access == SANDBOX_WRITE;
  static program filter;
  filter.length = 0;
  build(&filter, writes);
  if (filter.length > PROGRAM_MAX) return sandbox_failed(report, "seccomp: a filter of %u instructions", filter.length);
  struct sock_fprog installed = {.len = (unsigned short)filter.length, .filter = filter.code};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &installed) == 0) return 0;
  return sandbox_failed(report, "seccomp: %s", strerror(errno));
}
