// An index as a store of vectors: made, grown, added to, and its vectors put into the graph.

#include "index.h"

#include <algorithm>
#include <cstring>

#include "walk.h"

using namespace chnsw_detail;

namespace {

/// Locks of hnswlib's that one thread alone needs none of; it takes the one of a slot's number, modulo this.
uint64_t update_locks(uint64_t capacity) { return std::min<uint64_t>(capacity, Graph::max_update_element_locks); }

/// What a slot takes besides its vector: its links, its label, a lock, the entries of the visited list, level and upper
/// links, and the flags.
uint64_t slot_overhead(uint64_t links) {
  const uint64_t bottom = (2 * links + 1) * sizeof(Slot) + sizeof(hnswlib::labeltype);
  // One in `links` vectors stands in the level above; two such lists are more than the mean.
  const uint64_t above = 2 * (links + 1) * sizeof(Slot) / std::max<uint64_t>(links, 1) + sizeof(void *) + sizeof(int);
  return bottom + above + 2 * sizeof(std::mutex) + sizeof(hnswlib::vl_type) + sizeof(uint32_t) + 1;
}

/// Does what hnswlib's `addPoint` does, with the walk of ours, to a vector that stands in its slot already.
void link_next(chnsw &index) {
  Graph &graph = index.graph;
  const Slot slot = Slot(graph.cur_element_count);
  const char *vector = index.vector(slot);
  const int level = std::clamp(graph.getRandomLevel(graph.mult_), 0, level_max);
  memset(graph.get_linklist0(slot), 0, graph.size_links_level0_);
  char *lists = nullptr;
  if (level > 0) {
    lists = static_cast<char *>(calloc(size_t(level), graph.size_links_per_element_));
    if (lists == nullptr) throw std::bad_alloc();
  }
  graph.linkLists_[slot] = lists;
  graph.element_levels_[slot] = level;
  graph.cur_element_count++;
  if (slot > 0) {
    Near here = descend(index, vector, level);
    for (int on = std::min(level, graph.maxlevel_); on >= 0; on--) {
      Best best(graph.ef_construction_);
      walk(index, vector, here, on, true, best);
      std::priority_queue<std::pair<float, Slot>, std::vector<std::pair<float, Slot>>, Graph::CompareByFirst> found;
      while (!best.is_empty()) {
        const Near near = best.take();
        found.emplace(1.0f - near.score, near.slot);
      }
      here.slot = graph.mutuallyConnectNewElement(vector, slot, found, on, false);
      here.score = index.space.dot(vector, index.vector(here.slot));
    }
  }
  if (slot == 0 || level > graph.maxlevel_) {
    graph.enterpoint_node_ = slot;
    graph.maxlevel_ = level;
  }
}

}  // namespace

chnsw::chnsw(uint32_t dimension, uint32_t links, uint32_t effort, uint64_t capacity)
    : space(dimension), graph(&space, capacity + spare_slots, links, effort) {
  std::vector<std::mutex>(update_locks(graph.max_elements_)).swap(graph.link_list_update_locks_);
  gone.reserve(graph.max_elements_);
}

uint64_t chnsw::slot(uint64_t label) const {
  uint64_t low = 0, high = count;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (this->label(Slot(middle)) < label) low = middle + 1;
    else high = middle;
  }
  return low < count && this->label(Slot(low)) == label ? low : count;
}

/// Does what hnswlib's `resizeIndex` does, in an order that leaves the index whole wherever memory ends.
void chnsw::grow(uint64_t capacity) {
  if (capacity <= graph.max_elements_) return;
  auto pool = std::make_unique<hnswlib::VisitedListPool>(1, int(capacity));
  graph.element_levels_.resize(capacity);
  std::vector<std::mutex>(capacity).swap(graph.link_list_locks_);
  std::vector<std::mutex>(update_locks(capacity)).swap(graph.link_list_update_locks_);
  gone.reserve(capacity);
  auto **lists = static_cast<char **>(realloc(graph.linkLists_, capacity * sizeof(char *)));
  if (lists == nullptr) throw std::bad_alloc();
  graph.linkLists_ = lists;
  auto *memory = static_cast<char *>(realloc(graph.data_level0_memory_, capacity * graph.size_data_per_element_));
  if (memory == nullptr) throw std::bad_alloc();
  graph.data_level0_memory_ = memory;
  delete graph.visited_list_pool_;
  graph.visited_list_pool_ = pool.release();
  graph.max_elements_ = capacity;
}

uint32_t chnsw::mark(Slot slot) const {
  const uint64_t sum =
      chnsw_checksum(reinterpret_cast<const uint8_t *>(vector(slot)), space.dimension() * sizeof(float));
  return uint32_t(sum ^ sum >> 32);
}

chnsw *chnsw_create(uint32_t dimension, uint32_t links, uint32_t effort, uint64_t capacity) try {
  if (dimension == 0 || links < 2 || links > links_max) return nullptr;
  return new chnsw(dimension, links, effort, capacity);
} catch (...) {
  return nullptr;
}

void chnsw_destroy(chnsw *index) { delete index; }

chnsw_counts chnsw_count(const chnsw *index) {
  return {index->count, index->searchable(), index->gone_count};
}

uint64_t chnsw_capacity(const chnsw *index) { return index->graph.max_elements_; }

uint64_t chnsw_memory(uint32_t dimension, uint32_t links, uint64_t capacity) {
  return (capacity + spare_slots) * (dimension * sizeof(float) + slot_overhead(links));
}

chnsw_status chnsw_append(chnsw *index, uint64_t label, const void *vector) try {
  if (index->count > 0 && label <= index->label(Slot(index->count - 1))) return CHNSW_MISUSE;
  if (index->count >= index->graph.max_elements_) {
    index->grow(index->count + index->count / 4 + spare_slots);
  }
  index->gone.push_back(false);
  const Slot slot = Slot(index->count);
  memcpy(index->vector(slot), vector, index->graph.data_size_);
  index->graph.setExternalLabel(slot, label);
  index->count++;
  return CHNSW_OK;
} catch (...) {
  return CHNSW_MEMORY;
}

bool chnsw_remove(chnsw *index, uint64_t label) {
  const uint64_t slot = index->slot(label);
  if (slot == index->count || index->gone[slot]) return false;
  index->gone[slot] = true;
  index->gone_count++;
  return true;
}

chnsw_status chnsw_link(chnsw *index) {
  if (index->is_broken || index->graph.cur_element_count >= index->count) return CHNSW_OK;
  try {
    link_next(*index);
    return CHNSW_OK;
  } catch (...) {
    index->is_broken = true;
    return CHNSW_MEMORY;
  }
}
