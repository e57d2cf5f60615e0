// What a model is inside, for what makes it and what runs it.
#pragma once

#include <stddef.h>

#include "kernels.h"
#include "team.h"
#include "transformer.h"

/// How many tokens go through a layer together, of whole texts: enough for the products to be as fast as they get.
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

struct transformer {
  transformer_shape shape;
  transformer_tensors tensors;
  const kernels *kernels;
  layer *layers;
  transformer_team *team;
  /// What the team's helpers attend in: they help one run at a time.
  attention_room *helper_rooms;
};

struct transformer_scratch {
  /// Tokens' vectors between the layers, and what is added to them.
  float *tokens, *added;
  /// Query, key and value of each token; what attention makes of them; what stands between the second half's products.
  float *heads, *context, *inner;
  attention_room attention;
  /// Which token each text of a group begins with.
  uint32_t places[GROUP_TOKENS];
};

static inline size_t up_to(size_t value, size_t grain) { return (value + grain - 1) / grain * grain; }

/// Puts the outputs of a linear step, its rows, into the panels' columns from `first` on; those behind `outputs` up to
/// a whole panel become zero.
void pack_outputs(float *panels, size_t panel, size_t first, const float *weight, size_t stride, size_t outputs,
                  size_t depth);
