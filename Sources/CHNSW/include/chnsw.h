// Vectors of unit length and the graph by which near ones are found: hnswlib behind functions of C.
//
// One thread uses an index at a time. No function throws or ends the process: what fails for want of memory says so, and
// the index stays as good as it was, at worst without its graph. Labels ascend: each vector's is above all before it.
#ifndef CHNSW_H
#define CHNSW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

typedef struct chnsw chnsw;

/// What became of a call.
typedef enum chnsw_status {
  CHNSW_OK = 0,
  /// There is not enough memory.
  CHNSW_MEMORY = 1,
  /// The bytes are no graph, or none of such vectors.
  CHNSW_DAMAGED = 2,
  /// The call makes no sense, such as a label that is not above those before it.
  CHNSW_MISUSE = 3,
} chnsw_status;

/// A vector that was found.
typedef struct chnsw_match {
  uint64_t label;
  /// The cosine of the angle between it and what was looked for.
  float score;
} chnsw_match;

/// How many numbers are how large.
typedef struct chnsw_counts {
  /// Vectors, those that were removed among them.
  uint64_t all;
  /// How many of them, from the first on, are in the graph.
  uint64_t linked;
  /// How many were removed.
  uint64_t gone;
} chnsw_counts;

/// The sum of the products of two vectors' elements, by the widest instructions that this processor has.
///
/// Neither need be aligned.
float chnsw_dot(const void *left, const void *right, size_t dimension);

/// Makes an index without vectors, with room for some; NULL without memory.
///
/// `links` is how many neighbours a new vector is linked with, `effort` how many are looked at to choose them.
chnsw *_Nullable chnsw_create(uint32_t dimension, uint32_t links, uint32_t effort, uint64_t capacity);

void chnsw_destroy(chnsw *index);

chnsw_counts chnsw_count(const chnsw *index);

/// Bytes of memory that an index of so many vectors takes.
uint64_t chnsw_memory(uint32_t dimension, uint32_t links, uint64_t capacity);

/// How many vectors there is room for before memory is asked for again.
uint64_t chnsw_capacity(const chnsw *index);

/// Adds a vector, which is not in the graph yet.
chnsw_status chnsw_append(chnsw *index, uint64_t label, const void *vector);

/// Takes a vector out of what is found; false if there is none of that label.
bool chnsw_remove(chnsw *index, uint64_t label);

/// Puts the next vector into the graph, if there is one.
chnsw_status chnsw_link(chnsw *index);

/// Finds the vectors nearest to one, best first: by the graph those that are in it, the others by looking at each.
///
/// `effort` is how many the graph is kept looking for, at least `limit`.
chnsw_status chnsw_search(
    const chnsw *index, const void *query, size_t limit, size_t effort, chnsw_match *matches, size_t *found);

/// Finds the vectors nearest to one by looking at each.
chnsw_status chnsw_scan(const chnsw *index, const void *query, size_t limit, chnsw_match *matches, size_t *found);

/// The score of the vector of a label; false if there is none, or it was removed.
bool chnsw_score(const chnsw *index, const void *query, uint64_t label, float *score);

/// What hnswlib itself finds, for comparison; what was removed among it.
chnsw_status chnsw_search_plain(
    const chnsw *index, const void *query, size_t limit, size_t effort, chnsw_match *matches, size_t *found);

/// Bytes of the graph as it is written.
size_t chnsw_graph_size(const chnsw *index);

/// Writes the graph, without the vectors, into `chnsw_graph_size` bytes.
void chnsw_graph_write(const chnsw *index, uint8_t *bytes);

/// Makes an index of a graph that was written, in which every vector still has to be filled in.
///
/// Nothing in the bytes is believed: whatever they are, the index that comes of them is one that can be searched. A graph
/// of more than `slots_max` vectors is none.
chnsw_status chnsw_graph_read(
    uint32_t dimension, uint32_t links, uint32_t effort, uint64_t slots_max, const uint8_t *bytes, size_t size,
    chnsw *_Nullable *_Nonnull index);

/// Fills in the vector of a label, or adds one above all in the graph; the labels of calls ascend.
///
/// Damaged: the graph is not of this vector.
chnsw_status chnsw_fill(chnsw *index, uint64_t label, const void *vector);

/// Ends filling in: what is in the graph and was not filled in was removed meanwhile.
void chnsw_fill_end(chnsw *index);

/// A sum of some bytes that differs when any one of them does.
uint64_t chnsw_checksum(const uint8_t *bytes, size_t size);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
