// 32 registers of 16 numbers: 24 sums, two factors.
#include <math.h>
#include <string.h>

#include "kernels.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,fma"))), apply_to = function)
#define LANES 16
#define ROWS 12
#define NAME kernels_avx512
#define TITLE "avx512"
#include "kernels_body.h"
#pragma clang attribute pop
