#pragma once

#include <queue>
#include <vector>

#include "index.h"

namespace chnsw_detail {

/// A slot and how near it is to what is looked for.
struct Near {
  float score;
  Slot slot;

  bool operator<(const Near &other) const { return score < other.score; }
  bool operator>(const Near &other) const { return score > other.score; }
};

/// The best of what it is shown.
class Best {
 public:
  explicit Best(size_t limit) : limit(limit) {}

  bool is_empty() const { return heap.empty(); }
  bool is_full() const { return heap.size() >= limit; }
  float worst() const { return heap.top().score; }
  bool takes(float score) const { return !is_full() || score > worst(); }

  void add(Near near) {
    if (is_full()) heap.pop();
    heap.push(near);
  }

  /// Takes out the worst of them.
  Near take() {
    const Near worst = heap.top();
    heap.pop();
    return worst;
  }

  size_t size() const { return heap.size(); }

 private:
  size_t limit;
  std::priority_queue<Near, std::vector<Near>, std::greater<Near>> heap;
};

/// Goes down from the top of the graph to the nearest slot that it finds above a level, from where to walk on it.
Near descend(const chnsw &index, const void *query, int level);

/// Walks on a level from a slot to ever nearer ones, for the best of them; what was removed is only passed through,
/// unless it is `with_gone`.
void walk(const chnsw &index, const void *query, Near start, int level, bool with_gone, Best &best);

}  // namespace chnsw_detail
