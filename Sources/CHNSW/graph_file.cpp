// A graph as bytes, and an index from them.
//
// The bytes have no vectors: those are in the database, and are filled in from there. So what was removed there is in
// no file, and no file can make a vector other than it is.
//
//   u64 slots, u32 top level, u32 entry
//   for each slot: u64 label, u32 mark of its vector, u32 level, and for each level from 0: u32 links, u32 each

#include <cstring>

#include "index.h"

using namespace chnsw_detail;

namespace {

constexpr size_t head_size = 16;
/// Bytes of a slot without its links.
constexpr size_t slot_size_min = 20;

class Writer {
 public:
  explicit Writer(uint8_t *bytes) : next(bytes) {}

  template <typename Number>
  void write(Number number) {
    memcpy(next, &number, sizeof(number));
    next += sizeof(number);
  }

 private:
  uint8_t *next;
};

class Reader {
 public:
  Reader(const uint8_t *bytes, size_t size) : next(bytes), left(size) {}

  template <typename Number>
  bool read(Number &number) {
    if (left < sizeof(number)) return false;
    memcpy(&number, next, sizeof(number));
    next += sizeof(number);
    left -= sizeof(number);
    return true;
  }
  bool is_at_end() const { return left == 0; }

 private:
  const uint8_t *next;
  size_t left;
};

/// Reads the links of one slot on one level into hnswlib's list.
bool read_links(Reader &reader, size_t links_max, uint64_t slots, Slot *list) {
  uint32_t size;
  if (!reader.read(size) || size > links_max) return false;
  list[0] = size;
  for (uint32_t i = 1; i <= size; i++) {
    if (!reader.read(list[i]) || list[i] >= slots) return false;
  }
  return true;
}

/// Whether the links of all levels lead to slots that are on these levels.
bool links_are_whole(const Graph &graph) {
  for (Slot slot = 0; slot < graph.cur_element_count; slot++) {
    for (int level = 1; level <= graph.element_levels_[slot]; level++) {
      auto *list = graph.get_linklist(slot, level);
      for (uint32_t i = 1; i <= list[0]; i++) {
        if (graph.element_levels_[list[i]] < level) return false;
      }
    }
  }
  return true;
}

bool read_slots(Reader &reader, chnsw &index, uint64_t slots) {
  Graph &graph = index.graph;
  for (Slot slot = 0; slot < slots; slot++) {
    memset(graph.data_level0_memory_ + slot * graph.size_data_per_element_, 0, graph.size_data_per_element_);
    uint64_t label;
    uint32_t mark, level;
    if (!reader.read(label) || !reader.read(mark) || !reader.read(level) || level > uint32_t(level_max)) return false;
    if (slot > 0 && label <= index.label(slot - 1)) return false;
    graph.setExternalLabel(slot, label);
    index.marks.push_back(mark);
    index.gone.push_back(false);
    if (level > 0) {
      graph.linkLists_[slot] = static_cast<char *>(calloc(level, graph.size_links_per_element_));
      if (graph.linkLists_[slot] == nullptr) throw std::bad_alloc();
    }
    // From here on the graph frees the lists of this slot too.
    graph.element_levels_[slot] = int(level);
    graph.cur_element_count = index.count = slot + 1;
    for (uint32_t on = 0; on <= level; on++) {
      auto *list = graph.get_linklist_at_level(slot, int(on));
      if (!read_links(reader, on == 0 ? graph.maxM0_ : graph.maxM_, slots, list)) return false;
    }
  }
  return links_are_whole(graph);
}

}  // namespace

size_t chnsw_graph_size(const chnsw *index) {
  const Graph &graph = index->graph;
  size_t size = head_size;
  for (Slot slot = 0; slot < index->searchable(); slot++) {
    size += slot_size_min - sizeof(uint32_t);
    for (int level = 0; level <= graph.element_levels_[slot]; level++) {
      size += (1 + graph.getListCount(graph.get_linklist_at_level(slot, level))) * sizeof(Slot);
    }
  }
  return size;
}

void chnsw_graph_write(const chnsw *index, uint8_t *bytes) {
  const Graph &graph = index->graph;
  Writer writer(bytes);
  writer.write(uint64_t(index->searchable()));
  writer.write(uint32_t(graph.maxlevel_));
  writer.write(uint32_t(graph.enterpoint_node_));
  for (Slot slot = 0; slot < index->searchable(); slot++) {
    writer.write(uint64_t(index->label(slot)));
    writer.write(index->mark(slot));
    writer.write(uint32_t(graph.element_levels_[slot]));
    for (int level = 0; level <= graph.element_levels_[slot]; level++) {
      auto *list = graph.get_linklist_at_level(slot, level);
      const uint32_t size = graph.getListCount(list);
      writer.write(size);
      for (uint32_t i = 1; i <= size; i++) writer.write(list[i]);
    }
  }
}

chnsw_status chnsw_graph_read(
    uint32_t dimension, uint32_t links, uint32_t effort, uint64_t slots_max, const uint8_t *bytes, size_t size,
    chnsw **result) try {
  *result = nullptr;
  Reader reader(bytes, size);
  uint64_t slots;
  uint32_t top, entry;
  if (!reader.read(slots) || !reader.read(top) || !reader.read(entry)) return CHNSW_DAMAGED;
  // Memory is asked for by what the bytes really have, and no more than the caller expects.
  if (slots == 0 || slots > slots_max || slots > (size - head_size) / slot_size_min) return CHNSW_DAMAGED;
  if (entry >= slots || top > uint32_t(level_max)) return CHNSW_DAMAGED;
  auto index = std::make_unique<chnsw>(dimension, links, effort, slots);
  if (!read_slots(reader, *index, slots) || !reader.is_at_end()) return CHNSW_DAMAGED;
  if (index->graph.element_levels_[entry] != int(top)) return CHNSW_DAMAGED;
  index->graph.enterpoint_node_ = entry;
  index->graph.maxlevel_ = int(top);
  index->filled.assign(slots, false);
  *result = index.release();
  return CHNSW_OK;
} catch (...) {
  return CHNSW_MEMORY;
}

chnsw_status chnsw_fill(chnsw *index, uint64_t label, const void *vector) {
  while (index->fill_next < index->filled.size()) {
    const Slot slot = Slot(index->fill_next);
    if (index->label(slot) > label) return CHNSW_DAMAGED;
    index->fill_next++;
    if (index->label(slot) < label) continue;
    memcpy(index->vector(slot), vector, index->graph.data_size_);
    if (index->mark(slot) != index->marks[slot]) return CHNSW_DAMAGED;
    index->filled[slot] = true;
    return CHNSW_OK;
  }
  return chnsw_append(index, label, vector);
}

void chnsw_fill_end(chnsw *index) {
  const Graph &graph = index->graph;
  for (Slot slot = 0; slot < index->filled.size(); slot++) {
    if (index->filled[slot]) continue;
    if (!index->gone[slot]) index->gone_count++;
    index->gone[slot] = true;
    // It stays a signpost, in the place of a neighbour that is still there: its own vector is nowhere any more.
    auto *list = graph.get_linklist0(slot);
    for (uint32_t i = 1; i <= list[0]; i++) {
      if (!index->filled[list[i]]) continue;
      memcpy(index->vector(slot), index->vector(list[i]), graph.data_size_);
      break;
    }
  }
  index->filled = {};
  index->marks = {};
}

uint64_t chnsw_checksum(const uint8_t *bytes, size_t size) {
  // Each step is one-to-one in the sum and in the word, so that one word that differs makes the sum differ in the end.
  constexpr uint64_t factor = 0x9E3779B97F4A7C15;
  uint64_t sum = size * factor + 1;
  const auto mix = [&sum](uint64_t word) {
    sum = (sum ^ word) * factor;
    sum ^= sum >> 29;
  };
  size_t i = 0;
  for (; i + sizeof(uint64_t) <= size; i += sizeof(uint64_t)) {
    uint64_t word;
    memcpy(&word, bytes + i, sizeof(word));
    mix(word);
  }
  uint64_t rest = 0;
  memcpy(&rest, bytes + i, size - i);
  mix(rest);
  return sum;
}
