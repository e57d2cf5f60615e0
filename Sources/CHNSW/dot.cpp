// The one loop that all time goes into, compiled for several processors: which one this is shows when it runs, since a
// library that was built for the newest would not run on the others.

#include "dot.h"

#include "chnsw.h"

namespace chnsw_detail {
namespace {

/// Eight floats, anywhere in memory; on processors without such registers the compiler makes two of four of them.
typedef float Lanes __attribute__((vector_size(32), aligned(4), may_alias));

constexpr std::size_t lane_count = 8;
/// Sums that are kept apart, so that one addition need not wait for the one before it.
constexpr std::size_t sum_count = 4;

__attribute__((always_inline)) inline float dot_in_lanes(const void *left, const void *right, std::size_t dimension) {
  const auto *a = static_cast<const float *>(left);
  const auto *b = static_cast<const float *>(right);
  Lanes sums[sum_count] = {};
  std::size_t i = 0;
  for (; i + sum_count * lane_count <= dimension; i += sum_count * lane_count) {
    for (std::size_t j = 0; j < sum_count; j++) {
      sums[j] += *reinterpret_cast<const Lanes *>(a + i + j * lane_count) *
                 *reinterpret_cast<const Lanes *>(b + i + j * lane_count);
    }
  }
  for (; i + lane_count <= dimension; i += lane_count) {
    sums[0] += *reinterpret_cast<const Lanes *>(a + i) * *reinterpret_cast<const Lanes *>(b + i);
  }
  const Lanes all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  float sum = ((all[0] + all[4]) + (all[1] + all[5])) + ((all[2] + all[6]) + (all[3] + all[7]));
  for (; i < dimension; i++) sum += a[i] * b[i];
  return sum;
}

float dot_anywhere(const void *left, const void *right, std::size_t dimension) {
  return dot_in_lanes(left, right, dimension);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) float dot_avx2(const void *left, const void *right, std::size_t dimension) {
  return dot_in_lanes(left, right, dimension);
}
#endif

}  // namespace

Dot fastest_dot() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return dot_avx2;
#endif
  return dot_anywhere;
}

}  // namespace chnsw_detail

float chnsw_dot(const void *left, const void *right, size_t dimension) {
  static const chnsw_detail::Dot dot = chnsw_detail::fastest_dot();
  return dot(left, right, dimension);
}
