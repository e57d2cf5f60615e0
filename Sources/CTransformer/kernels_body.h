// The kernels in vectors of LANES numbers, products in blocks of ROWS rows and two vectors; NAME is the table.
//
// What includes this has set the compiler's target.

typedef float numbers __attribute__((vector_size(4 * LANES)));
typedef int whole __attribute__((vector_size(4 * LANES)));
/// The same where it need not be aligned.
typedef float loose __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define PANEL (2 * LANES)
#define INLINE static inline __attribute__((always_inline))

INLINE numbers load(const float *from) { return *(const loose *)from; }
INLINE void store(float *to, numbers value) { *(loose *)to = value; }
INLINE numbers all(float value) { return value - (numbers){}; }

INLINE float sum(numbers value) {
  float total = 0;
  for (int lane = 0; lane < LANES; lane++) total += value[lane];
  return total;
}

INLINE float largest(numbers value) {
  float found = value[0];
  for (int lane = 1; lane < LANES; lane++) found = value[lane] > found ? value[lane] : found;
  return found;
}

/// `rows` rows times one panel; with a constant number of rows all sums stay in registers.
INLINE void block(const float *a, size_t a_stride, const float *b, const float *bias, float *c, size_t c_stride,
                  const int rows, size_t depth) {
  numbers sums[ROWS][2];
#pragma clang loop unroll(full)
  for (int row = 0; row < rows; row++) {
    sums[row][0] = bias ? load(bias) : all(0);
    sums[row][1] = bias ? load(bias + LANES) : all(0);
  }
  for (size_t k = 0; k < depth; k++) {
    numbers left = load(b + k * PANEL), right = load(b + k * PANEL + LANES);
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) {
      numbers factor = all(a[row * a_stride + k]);
      sums[row][0] += factor * left;
      sums[row][1] += factor * right;
    }
  }
#pragma clang loop unroll(full)
  for (int row = 0; row < rows; row++) {
    store(c + row * c_stride, sums[row][0]);
    store(c + row * c_stride + LANES, sums[row][1]);
  }
}

/// The rows of one pass over all panels: what stays in the second cache meanwhile.
#define PASS (8 * ROWS)

static void multiply(const float *a, size_t a_stride, const float *b, const float *bias, float *c, size_t c_stride,
                     size_t rows, size_t columns, size_t depth) {
  for (size_t first = 0; first < rows; first += PASS) {
    size_t end = rows - first < PASS ? rows : first + PASS;
    for (size_t column = 0; column < columns; column += PANEL) {
      const float *panel = b + column * depth, *offset = bias ? bias + column : NULL;
      size_t row = first;
      for (; row + ROWS <= end; row += ROWS)
        block(a + row * a_stride, a_stride, panel, offset, c + row * c_stride + column, c_stride, ROWS, depth);
#define SOME(n) \
  for (; row + n <= end; row += n) \
    block(a + row * a_stride, a_stride, panel, offset, c + row * c_stride + column, c_stride, n, depth)
      // What would be left of a pass in blocks of four is one of eight, which reads the panel once less.
      if (ROWS > 8) SOME(8);
      SOME(4);
      SOME(2);
      SOME(1);
#undef SOME
    }
  }
}

/// e to the power of each: 2 to a whole number, times a series for what is left, at most half of log 2.
INLINE numbers exponential(numbers x) {
  // Beyond these a number of single precision has no room for the power.
  x = __builtin_elementwise_max(__builtin_elementwise_min(x, all(88.0f)), all(-87.0f));
  // Adding what has no bits for fractions rounds.
  const numbers rounder = all(12582912.0f);
  numbers power = (x * 1.44269504f + rounder) - rounder;
  // Log 2 in two parts, of which the first has few bits: its product is exact.
  numbers rest = (x - power * 0.693359375f) + power * 2.12194440e-4f;
  numbers series = all(1.0f / 5040);
  series = series * rest + 1.0f / 720;
  series = series * rest + 1.0f / 120;
  series = series * rest + 1.0f / 24;
  series = series * rest + 1.0f / 6;
  series = series * rest + 0.5f;
  series = series * rest + 1.0f;
  series = series * rest + 1.0f;
  whole bits = (__builtin_convertvector(power, whole) + 127) << 23;
  return series * (numbers)bits;
}

static void softmax(float *scores, size_t stride, size_t rows, size_t count, float scale) {
  for (size_t row = 0; row < rows; row++) {
    float *line = scores + row * stride;
    for (size_t index = count; index < stride; index++) line[index] = -INFINITY;
    numbers most = load(line);
    for (size_t index = LANES; index < stride; index += LANES)
      most = __builtin_elementwise_max(most, load(line + index));
    float top = largest(most);
    numbers total = all(0);
    for (size_t index = 0; index < stride; index += LANES) {
      numbers share = exponential((load(line + index) - top) * scale);
      store(line + index, share);
      total += share;
    }
    // What stands behind the end is next to nothing in the sum.
    float factor = 1.0f / sum(total);
    for (size_t index = 0; index < stride; index += LANES) store(line + index, load(line + index) * factor);
    memset(line + count, 0, (stride - count) * sizeof *line);
  }
}

static void gelu(float *values, size_t count) {
  // The error function by formula 7.1.26 of Abramowitz and Stegun, off by 1.5e-7 at most.
  for (size_t index = 0; index < count; index += LANES) {
    numbers x = load(values + index);
    numbers scaled = x * 0.70710678f;
    numbers size = __builtin_elementwise_max(scaled, -scaled);
    numbers t = 1.0f / (1.0f + 0.3275911f * size);
    numbers series = all(1.061405429f);
    series = series * t - 1.453152027f;
    series = series * t + 1.421413741f;
    series = series * t - 0.284496736f;
    series = series * t + 0.254829592f;
    numbers error = 1.0f - series * t * exponential(-size * size);
    // With the sign that x has.
    numbers signed_error = (numbers)((whole)error | ((whole)x & (int)0x80000000));
    store(values + index, 0.5f * x * (1.0f + signed_error));
  }
}

static void quick_gelu(float *values, size_t count) {
  for (size_t index = 0; index < count; index += LANES) {
    numbers x = load(values + index);
    store(values + index, x / (1.0f + exponential(x * -1.702f)));
  }
}

static void normalise(float *values, const float *added, float *normed, size_t rows, size_t width, const float *weight,
                      const float *bias, float epsilon) {
  for (size_t row = 0; row < rows; row++) {
    float *line = values + row * width, *to = normed + row * width;
    numbers total = all(0), squares = all(0);
    for (size_t index = 0; index < width; index += LANES) {
      numbers value = load(line + index);
      if (added) {
        value += load(added + row * width + index);
        store(line + index, value);
      }
      total += value;
    }
    float mean = sum(total) / (float)width;
    for (size_t index = 0; index < width; index += LANES) {
      numbers value = load(line + index) - mean;
      squares += value * value;
    }
    float factor = 1.0f / sqrtf(sum(squares) / (float)width + epsilon);
    for (size_t index = 0; index < width; index += LANES)
      store(to + index, (load(line + index) - mean) * factor * load(weight + index) + load(bias + index));
  }
}

const kernels NAME = {
    .name = TITLE,
    .panel = PANEL,
    .pass = PASS,
    .multiply = multiply,
    .softmax = softmax,
    .gelu = gelu,
    .quick_gelu = quick_gelu,
    .normalise = normalise,
};
