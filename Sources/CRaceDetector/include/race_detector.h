// What ThreadSanitizer is told about locks that it cannot see into.
//
// It learns who waits for whom from the calls that it instruments. The standard library's Mutex is a futex inside a
// library that is not instrumented, so all that it orders looks like a race. In a build without ThreadSanitizer these
// do nothing.

#ifndef RACE_DETECTOR_H
#define RACE_DETECTOR_H

#include <stdint.h>

/// Says that the caller has taken the lock that guards an address: it sees what others did while they held it.
void race_detector_acquired(uintptr_t address);
/// Says that the caller is about to give it back.
void race_detector_releasing(uintptr_t address);

#endif
