// The forward pass of a transformer's encoder, in single precision, on one thread or more: here of texts, as BERT has
// it; `vision.h` has that of images.
//
// Its products are plain code for the processor at hand, chosen once: nothing is generated while it runs, which a
// plugin's sandbox would refuse. Texts of a batch lie one behind the other without padding, so short ones cost what
// they are.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Every width must be a multiple of this: a panel of the widest kernel.
#define TRANSFORMER_GRAIN 32

/// The most tokens of a text or an image: 32 by 32 patches and one more. The scores of a head take 4 MB then.
#define TRANSFORMER_POSITIONS_MAX 1025

/// What stands between the two products of a layer's second half.
typedef enum transformer_activation {
  /// The Gaussian error linear unit.
  TRANSFORMER_GELU,
  /// x * sigmoid(1.702 * x), which is near it.
  TRANSFORMER_QUICK_GELU,
} transformer_activation;

/// What a model's tensors look like.
typedef struct transformer_shape {
  /// The most tokens that a text may have; those that each image has.
  uint32_t positions;
  /// Numbers of a token's vector.
  uint32_t width;
  uint32_t layers;
  uint32_t heads;
  /// Numbers between the two products of a layer's second half.
  uint32_t inner;
  /// What keeps a variance of zero from being divided by.
  float epsilon;
  transformer_activation activation;
} transformer_shape;

/// A matrix and its bias as a model's file has them: row by row, a row for each output.
typedef struct transformer_linear {
  const float *weight;
  /// NULL if there is none.
  const float *bias;
} transformer_linear;

/// One layer's tensors; a norm's weight is a vector.
typedef struct transformer_layer {
  transformer_linear query, key, value, output;
  /// The norm behind what attention has added.
  transformer_linear attention_norm;
  transformer_linear up, down;
  /// The norm behind what the second half has added: where norms stand before the halves, the next layer's first.
  transformer_linear output_norm;
} transformer_layer;

/// A text model's tensors. The layers' matrices are copied; all else is read in each run, so it must outlive the model.
typedef struct transformer_tensors {
  const float *words;
  const float *positions;
  /// That of the first type of tokens, which is all that single texts have.
  const float *type;
  transformer_linear norm;
  const transformer_layer *layers;
} transformer_tensors;

/// Threads that help one run at a time, of any model.
typedef struct transformer_team transformer_team;
/// A text model that is ready, the same for all threads.
typedef struct transformer transformer;
/// What one thread computes in.
typedef struct transformer_scratch transformer_scratch;

/// Starts threads, of which there are `threads` with the one that runs; NULL if the system has none to give.
transformer_team *transformer_team_make(size_t threads);
/// Ends them; no model may have them any more.
void transformer_team_free(transformer_team *team);

/// Copies a model's layers into the order that the kernels read.
///
/// `kernels` names those that are used, as `transformer_kernels` does; NULL: the best that the processor has. NULL is
/// returned without memory for it, if the shape's widths are no multiples of the grain, or if the processor does not have
/// those kernels. `team` may be NULL: then a run is its thread's alone.
transformer *transformer_make(const transformer_shape *shape, const transformer_tensors *tensors, const char *kernels,
                              transformer_team *team);
void transformer_free(transformer *model);

/// Room for one thread; NULL without memory for it.
transformer_scratch *transformer_scratch_make(const transformer *model);
void transformer_scratch_free(transformer_scratch *scratch);

/// How a text's vector is made of its tokens'.
typedef enum transformer_pooling {
  /// Their mean.
  TRANSFORMER_MEAN,
  /// The first one.
  TRANSFORMER_FIRST,
} transformer_pooling;

/// Computes vectors of unit length.
///
/// `tokens` are those of all texts, one behind the other; each length is from 1 to the shape's positions and each token
/// has a line of `words`, which the caller has made sure of. `vectors` has room for `count` times the width.
void transformer_run(const transformer *model, transformer_scratch *scratch, const uint32_t *tokens,
                     const uint32_t *lengths, size_t count, transformer_pooling pooling, float *vectors);

/// The name of the kernels that this processor is given: "avx512", "avx2" or "sse2".
const char *transformer_kernels(void);
