// The inner loops, compiled once for each kind of processor.
#pragma once

#include <stddef.h>

/// Changes each of some numbers, of which there are whole panels.
typedef void activate(float *values, size_t count);

/// Right-hand sides of products are kept in panels of `panel` columns, each row by row.
typedef struct kernels {
  const char *name;
  size_t panel;
  /// How many rows of a product stay in the second cache while all panels pass.
  size_t pass;
  /// c = a * b + bias, where b is in panels, `columns` is a multiple of `panel`, and bias may be NULL.
  void (*multiply)(const float *a, size_t a_stride, const float *b, const float *bias, float *c, size_t c_stride,
                   size_t rows, size_t columns, size_t depth);
  /// Turns scores into shares of one, row by row; those behind `count` become zero, up to `stride`.
  void (*softmax)(float *scores, size_t stride, size_t rows, size_t count, float scale);
  /// The activations that models have.
  activate *gelu, *quick_gelu;
  /// values += added, and normed = norm(values), row by row; `added` may be NULL, and `normed` be `values`.
  void (*normalise)(float *values, const float *added, float *normed, size_t rows, size_t width, const float *weight,
                    const float *bias, float epsilon);
} kernels;

extern const kernels kernels_avx512, kernels_avx2, kernels_sse2;
