#include <sched.h>

#include "probe.h"

static cpu_set_t before;

int probe_use_one_core(void) {
  if (sched_getaffinity(0, sizeof before, &before) != 0) return -1;
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int core = 0; core < CPU_SETSIZE && !CPU_COUNT(&one); core++)
    if (CPU_ISSET(core, &before)) CPU_SET(core, &one);
  return sched_setaffinity(0, sizeof one, &one);
}

int probe_use_all_cores(void) { return sched_setaffinity(0, sizeof before, &before); }
