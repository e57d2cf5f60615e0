// What models of texts and of images have in common: their layers, and what a thread computes in.
#pragma once

#include <stddef.h>

#include "kernels.h"
#include "team.h"
#include "transformer.h"

/// How many tokens go through a layer together, of whole texts or images: enough for the products to be as fast as they
/// get. Those of a single one may be more.
#define GROUP_TOKENS 512

/// A matrix in panels, and its bias.
typedef struct product {
  float *panels;
  float *bias;
} product;

/// One layer; query, key and value are one product.
typedef struct layer {
  product attention, output, up, down;
  transformer_linear attention_norm, output_norm;
} layer;

/// Of one head of one text: keys and values in panels, and scores.
typedef struct attention_room {
  float *keys, *values, *scores;
} attention_room;

typedef struct encoder {
  transformer_shape shape;
  /// Whether the norms stand before the halves of a layer: what a half adds to is then not what its norm has made.
  bool has_norms_before;
  /// The first of them.
  transformer_linear first_norm;
  const kernels *kernels;
  activate *activation;
  layer *layers;
  transformer_team *team;
  /// What the team's helpers attend in: they help one run at a time.
  attention_room *helper_rooms;
  /// The most tokens of a group.
  size_t group_tokens;
} encoder;

struct transformer_scratch {
  /// Tokens' vectors between the layers; what their norms have made of them, which is the same place unless norms stand
  /// before the halves; and what is added to them.
  float *tokens, *normed, *added;
  /// Query, key and value of each token; what attention makes of them; what stands between the second half's products,
  /// and, before the first layer, an image's patches.
  float *heads, *context, *inner;
  attention_room attention;
  /// Which token each text of a group begins with, and behind the last one the number of tokens.
  uint32_t *places;
};

static inline size_t up_to(size_t value, size_t grain) { return (value + grain - 1) / grain * grain; }

/// Memory for numbers that vectors can be read of; NULL if there is none.
float *make_room(size_t count);

/// Puts the outputs of a linear step, its rows, into the panels' columns from `first` on; those behind `outputs` up to
/// a whole panel become zero.
void pack_outputs(float *panels, size_t panel, size_t first, const float *weight, size_t stride, size_t outputs,
                  size_t depth);

/// Makes one product of `count` linear steps with the same input, whose outputs lie behind each other; false without
/// memory for it.
bool make_product(product *to, const kernels *kernels, const transformer_linear *const *steps, size_t count,
                  size_t outputs, size_t depth);
void free_product(product *used);

/// Makes layers ready; false as `transformer_make` returns NULL, with something to free all the same.
///
/// `first_norm` is NULL where norms stand behind the halves.
bool encoder_make(encoder *to, const transformer_shape *shape, const transformer_linear *first_norm,
                  const transformer_layer *layers, const char *kernels, transformer_team *team);
void encoder_free(encoder *used);

/// Room for one thread, with at least `inner` numbers of each token; NULL without memory for it.
transformer_scratch *encoder_scratch_make(const encoder *encoder, size_t inner);

/// Takes the `count` texts whose places are in the scratch through all layers: from `tokens`, and what their norms have
/// made of them where norms stand behind the halves, to `normed`.
void encoder_run(const encoder *encoder, const transformer_scratch *scratch, size_t count);

/// c = a * by, of some rows, shared among the team; `activation` may be NULL.
void encoder_multiply(const encoder *encoder, const float *a, const product *by, float *c, size_t rows, size_t columns,
                      size_t depth, activate *activation);

/// Makes a vector one of unit length, unless it is zero.
void to_unit(float *vector, size_t width);
