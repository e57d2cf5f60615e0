// What every processor of this kind has: 16 registers of 4 numbers, of which 8 are sums.
#include <math.h>
#include <string.h>

#include "kernels.h"

#pragma clang attribute push(__attribute__((target("sse2"))), apply_to = function)
#define LANES 4
#define ROWS 4
#define NAME kernels_sse2
#define TITLE "sse2"
#include "kernels_body.h"
#pragma clang attribute pop
