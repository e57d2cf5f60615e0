#pragma once

// hnswlib's own loops read a little beyond its lists where they fetch ahead, and its header then defines functions that
// two files would define twice. The loop that counts is ours, in dot.cpp.
#define NO_MANUAL_VECTORIZATION
#include <hnswlib/hnswlib.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "chnsw.h"
#include "dot.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "vectors are stored as little-endian floats and used as they are"
#endif

namespace chnsw_detail {

using Slot = hnswlib::tableint;
using Graph = hnswlib::HierarchicalNSW<float>;

/// Vectors of unit length, of which those are nearest that have the largest product.
class UnitSpace final : public hnswlib::SpaceInterface<float> {
 public:
  explicit UnitSpace(uint32_t dimension) : parameters{fastest_dot(), dimension} {}

  size_t get_data_size() override { return parameters.dimension * sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return distance; }
  void *get_dist_func_param() override { return &parameters; }

  float dot(const void *left, const void *right) const {
    return parameters.dot(left, right, parameters.dimension);
  }
  size_t dimension() const { return parameters.dimension; }

 private:
  struct Parameters {
    Dot dot;
    size_t dimension;
  };
  Parameters parameters;

  static float distance(const void *left, const void *right, const void *parameters) {
    const auto *own = static_cast<const Parameters *>(parameters);
    return 1.0f - own->dot(left, right, own->dimension);
  }
};

/// The most links that a vector can be given; it has twice as many on the bottom.
constexpr uint32_t links_max = 128;

/// A slot is on the level above with a chance of one in as many as it has links: so many levels no graph has by chance.
constexpr int level_max = 64;

/// The room that a new or grown index has beyond what it needs, so that it does not grow with each vector.
constexpr uint64_t spare_slots = 64;

}  // namespace chnsw_detail

/// Vectors in the slots of hnswlib's own memory, in the order of their labels; the first `graph.cur_element_count` of
/// them are linked, those behind them wait for it in place, so that no vector is kept twice.
///
/// What was removed stays as a signpost, and is passed over in what is found. hnswlib's own marks for that are not used:
/// it takes an empty list for impossible that they can make.
struct chnsw {
  chnsw_detail::UnitSpace space;
  chnsw_detail::Graph graph;
  /// How many slots have a vector.
  uint64_t count = 0;
  uint64_t gone_count = 0;
  /// By slot, whether it was removed.
  std::vector<bool> gone;
  /// By slot of a graph that was read, whether its vector was filled in, and what that must look like.
  std::vector<bool> filled;
  std::vector<uint32_t> marks;
  /// The first slot that may still be filled in.
  uint64_t fill_next = 0;
  /// Whether linking has failed: the graph is not what it should be, and is not searched.
  bool is_broken = false;

  chnsw(uint32_t dimension, uint32_t links, uint32_t effort, uint64_t capacity);

  char *vector(chnsw_detail::Slot slot) const { return graph.getDataByInternalId(slot); }
  uint64_t label(chnsw_detail::Slot slot) const { return graph.getExternalLabel(slot); }
  /// The slots that the graph can be asked for.
  uint64_t searchable() const { return is_broken ? 0 : graph.cur_element_count; }
  /// The slot of a label, or `count`.
  uint64_t slot(uint64_t label) const;
  void grow(uint64_t capacity);
  /// A number that tells one vector from another.
  uint32_t mark(chnsw_detail::Slot slot) const;
};
