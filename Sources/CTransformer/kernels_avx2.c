// 16 registers of 8 numbers: 12 sums, two factors and a third.
#include <math.h>
#include <string.h>

#include "kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define LANES 8
#define ROWS 6
#define NAME kernels_avx2
#define TITLE "avx2"
#include "kernels_body.h"
#pragma clang attribute pop
