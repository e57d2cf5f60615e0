#pragma once

#include <cstddef>

namespace chnsw_detail {

/// A function that sums the products of two vectors' elements.
using Dot = float (*)(const void *left, const void *right, std::size_t dimension);

/// The fastest that this processor can run.
Dot fastest_dot();

}  // namespace chnsw_detail
