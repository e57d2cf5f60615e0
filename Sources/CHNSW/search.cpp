// What finds vectors: through the graph, or by looking at each.
//
// The walk through the graph is ours, not hnswlib's: that one cannot pass over what was removed without its marks, and
// fetches no memory ahead the way it is built here.

#include <algorithm>
#include <queue>

#include "index.h"

using namespace chnsw_detail;

namespace {

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

  bool is_full() const { return heap.size() >= limit; }
  float worst() const { return heap.top().score; }
  bool takes(float score) const { return !is_full() || score > worst(); }

  void add(Near near) {
    if (is_full()) heap.pop();
    heap.push(near);
  }

  /// Writes the best out, the best of them first, and says how many they are.
  size_t write(const chnsw &index, size_t limit, chnsw_match *matches) {
    while (heap.size() > limit) heap.pop();
    const size_t found = heap.size();
    for (size_t place = found; place-- > 0; heap.pop()) {
      matches[place] = {index.label(heap.top().slot), heap.top().score};
    }
    return found;
  }

 private:
  size_t limit;
  std::priority_queue<Near, std::vector<Near>, std::greater<Near>> heap;
};

/// A list of which slots were visited, lent from hnswlib's.
class Visited {
 public:
  explicit Visited(hnswlib::VisitedListPool &pool) : pool(pool), list(pool.getFreeVisitedList()) {}
  ~Visited() { pool.releaseVisitedList(list); }
  Visited(const Visited &) = delete;
  Visited &operator=(const Visited &) = delete;

  /// Notes a visit; true if it is the first.
  bool visit(Slot slot) {
    if (list->mass[slot] == list->curV) return false;
    list->mass[slot] = list->curV;
    return true;
  }
  void fetch(Slot slot) const { __builtin_prefetch(list->mass + slot); }

 private:
  hnswlib::VisitedListPool &pool;
  hnswlib::VisitedList *list;
};

/// Goes down from the top of the graph to the slot on its bottom from where the search begins.
Near descend(const chnsw &index, const void *query) {
  const Graph &graph = index.graph;
  Near here{index.space.dot(query, index.vector(graph.enterpoint_node_)), graph.enterpoint_node_};
  for (int level = graph.maxlevel_; level > 0; level--) {
    for (bool is_better = true; is_better;) {
      is_better = false;
      auto *list = graph.get_linklist(here.slot, level);
      const size_t size = graph.getListCount(list);
      for (size_t i = 1; i <= size; i++) {
        const float score = index.space.dot(query, index.vector(list[i]));
        if (score <= here.score) continue;
        here = {score, list[i]};
        is_better = true;
      }
    }
  }
  return here;
}

void search_graph(const chnsw &index, const void *query, Best &best) {
  const Graph &graph = index.graph;
  Visited visited(*graph.visited_list_pool_);
  std::priority_queue<Near> open;
  const Near start = descend(index, query);
  visited.visit(start.slot);
  open.push(start);
  if (!index.gone[start.slot]) best.add(start);
  while (!open.empty()) {
    const Near here = open.top();
    if (best.is_full() && here.score < best.worst()) break;
    open.pop();
    auto *list = graph.get_linklist0(here.slot);
    const size_t size = graph.getListCount(list);
    // Which of the neighbours are new, first: their vectors are on their way here while the list is gone through.
    Slot fresh[2 * links_max];
    size_t fresh_count = 0;
    for (size_t i = 1; i <= size; i++) visited.fetch(list[i]);
    for (size_t i = 1; i <= size; i++) {
      if (!visited.visit(list[i])) continue;
      const char *vector = index.vector(list[i]);
      __builtin_prefetch(vector);
      __builtin_prefetch(vector + 64);
      fresh[fresh_count++] = list[i];
    }
    for (size_t i = 0; i < fresh_count; i++) {
      const float score = index.space.dot(query, index.vector(fresh[i]));
      if (!best.takes(score)) continue;
      open.push({score, fresh[i]});
      if (!index.gone[fresh[i]]) best.add({score, fresh[i]});
    }
  }
}

void scan(const chnsw &index, const void *query, uint64_t first, Best &best) {
  for (uint64_t slot = first; slot < index.count; slot++) {
    if (index.gone[slot]) continue;
    const float score = index.space.dot(query, index.vector(Slot(slot)));
    if (best.takes(score)) best.add({score, Slot(slot)});
  }
}

}  // namespace

chnsw_status chnsw_search(
    const chnsw *index, const void *query, size_t limit, size_t effort, chnsw_match *matches, size_t *found) try {
  *found = 0;
  if (limit == 0) return CHNSW_OK;
  Best best(std::max(limit, effort));
  if (index->searchable() > 0) search_graph(*index, query, best);
  scan(*index, query, index->searchable(), best);
  *found = best.write(*index, limit, matches);
  return CHNSW_OK;
} catch (...) {
  return CHNSW_MEMORY;
}

chnsw_status chnsw_scan(const chnsw *index, const void *query, size_t limit, chnsw_match *matches, size_t *found) try {
  *found = 0;
  if (limit == 0) return CHNSW_OK;
  Best best(limit);
  scan(*index, query, 0, best);
  *found = best.write(*index, limit, matches);
  return CHNSW_OK;
} catch (...) {
  return CHNSW_MEMORY;
}

bool chnsw_score(const chnsw *index, const void *query, uint64_t label, float *score) {
  const uint64_t slot = index->slot(label);
  if (slot == index->count || index->gone[slot]) return false;
  *score = index->space.dot(query, index->vector(Slot(slot)));
  return true;
}

chnsw_status chnsw_search_plain(
    const chnsw *index, const void *query, size_t limit, size_t effort, chnsw_match *matches, size_t *found) try {
  *found = 0;
  if (limit == 0 || index->searchable() == 0) return CHNSW_OK;
  // It asks for its `ef` or the number wanted, whichever is more.
  auto results = index->graph.searchKnn(query, std::max(limit, effort));
  while (results.size() > limit) results.pop();
  *found = results.size();
  for (size_t place = *found; place-- > 0; results.pop()) {
    matches[place] = {results.top().second, 1.0f - results.top().first};
  }
  return CHNSW_OK;
} catch (...) {
  return CHNSW_MEMORY;
}
