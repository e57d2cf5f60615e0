#include "race_detector.h"

#if __has_feature(thread_sanitizer)
// These belong to its runtime, which the toolchain has without a header.
void __tsan_acquire(void *address);
void __tsan_release(void *address);

void race_detector_acquired(uintptr_t address) { __tsan_acquire((void *)address); }
void race_detector_releasing(uintptr_t address) { __tsan_release((void *)address); }
#else
void race_detector_acquired(uintptr_t address) { (void)address; }
void race_detector_releasing(uintptr_t address) { (void)address; }
#endif
