// What finds vectors: through the graph, or by looking at each.

#include <algorithm>

#include "walk.h"

using namespace chnsw_detail;

namespace {

void scan(const chnsw &index, const void *query, uint64_t first, Best &best) {
  for (uint64_t slot = first; slot < index.count; slot++) {
    if (index.gone[slot]) continue;
    const float score = index.space.dot(query, index.vector(Slot(slot)));
    if (best.takes(score)) best.add({score, Slot(slot)});
  }
}

/// Writes out the best, the best of them first, and says how many they are.
size_t write(const chnsw &index, Best &best, size_t limit, chnsw_match *matches) {
  while (best.size() > limit) best.take();
  const size_t found = best.size();
  for (size_t place = found; place-- > 0;) {
    const Near near = best.take();
    matches[place] = {index.label(near.slot), near.score};
  }
  return found;
}

}  // namespace

chnsw_status chnsw_search(
    const chnsw *index, const void *query, size_t limit, size_t effort, chnsw_match *matches, size_t *found) try {
  *found = 0;
  if (limit == 0) return CHNSW_OK;
  Best best(std::max(limit, effort));
  if (index->searchable() > 0) walk(*index, query, descend(*index, query, 0), 0, false, best);
  scan(*index, query, index->searchable(), best);
  *found = write(*index, best, limit, matches);
  return CHNSW_OK;
} catch (...) {
  return CHNSW_MEMORY;
}

chnsw_status chnsw_scan(const chnsw *index, const void *query, size_t limit, chnsw_match *matches, size_t *found) try {
  *found = 0;
  if (limit == 0) return CHNSW_OK;
  Best best(limit);
  scan(*index, query, 0, best);
  *found = write(*index, best, limit, matches);
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
