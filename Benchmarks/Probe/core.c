#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

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

int probe_keep_awake(void) {
  const int32_t longest = 0;
  int requests = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
  if (requests < 0) return -1;
  // It holds for as long as the file is open.
  return write(requests, &longest, sizeof longest) == sizeof longest ? 0 : -1;
}
