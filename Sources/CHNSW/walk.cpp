// The walk through the graph, for searches and for the neighbours of a new vector.
//
// It is ours, not hnswlib's: that one cannot pass over what was removed without its marks, takes a lock at every step,
// and fetches no memory ahead the way it is built here, which is most of the time that it takes.

#include "walk.h"

using namespace chnsw_detail;

namespace {

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

/// Bytes that the processor fetches at once, and how many of these of a vector are asked for; it sees by then that
/// more will be wanted.
constexpr size_t line_size = 64;
constexpr size_t lines_ahead = 4;

}  // namespace

Near chnsw_detail::descend(const chnsw &index, const void *query, int level) {
  const Graph &graph = index.graph;
  Near here{index.space.dot(query, index.vector(graph.enterpoint_node_)), graph.enterpoint_node_};
  for (int on = graph.maxlevel_; on > level; on--) {
    for (bool is_better = true; is_better;) {
      is_better = false;
      auto *list = graph.get_linklist(here.slot, on);
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

void chnsw_detail::walk(
    const chnsw &index, const void *query, Near start, int level, bool with_gone, Best &best) {
  const Graph &graph = index.graph;
  Visited visited(*graph.visited_list_pool_);
  std::priority_queue<Near> open;
  visited.visit(start.slot);
  open.push(start);
  if (with_gone || !index.gone[start.slot]) best.add(start);
  while (!open.empty()) {
    const Near here = open.top();
    if (best.is_full() && here.score < best.worst()) break;
    open.pop();
    auto *list = graph.get_linklist_at_level(here.slot, level);
    const size_t size = graph.getListCount(list);
    // Which of the neighbours are new, first: their vectors are on their way here while the list is gone through.
    Slot fresh[2 * links_max];
    size_t fresh_count = 0;
    for (size_t i = 1; i <= size; i++) visited.fetch(list[i]);
    for (size_t i = 1; i <= size; i++) {
      if (!visited.visit(list[i])) continue;
      const char *vector = index.vector(list[i]);
      for (size_t line = 0; line < lines_ahead; line++) __builtin_prefetch(vector + line * line_size);
      fresh[fresh_count++] = list[i];
    }
    for (size_t i = 0; i < fresh_count; i++) {
      const float score = index.space.dot(query, index.vector(fresh[i]));
      if (!best.takes(score)) continue;
      open.push({score, fresh[i]});
      if (with_gone || !index.gone[fresh[i]]) best.add({score, fresh[i]});
    }
  }
}
