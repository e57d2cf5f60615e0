// libdispatch's one look outside; see dispatch_stat.c.

#ifndef DISPATCH_STAT_H
#define DISPATCH_STAT_H

/// Lets threads' states be read below `tasks`, a descriptor of /proc/self/task, or made up if it is -1.
void dispatch_stat_prepare(int tasks);

#endif
