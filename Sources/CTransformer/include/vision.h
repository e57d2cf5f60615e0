// The forward pass of a vision transformer: an image is cut into square patches, each of which becomes a token.
//
// In its layers the norms stand before the halves instead of behind them. `transformer.h` has the rest.
#pragma once

#include "transformer.h"

/// How many colours a pixel has.
#define VISION_COLOURS 3
/// How many levels a colour has: those of a byte.
#define VISION_LEVELS 256

/// What an image model's tensors look like.
typedef struct vision_shape {
  /// That of the layers; there are as many positions as patches, and one more.
  transformer_shape layers;
  /// Pixels of an image's side.
  uint32_t side;
  /// Pixels of a patch's side; what is left of an image's side is not looked at.
  uint32_t patch;
  /// Numbers that the vector is projected to; 0 if it is not.
  uint32_t outputs;
} vision_shape;

/// An image model's tensors. Matrices, places and levels are copied; norms are read in each run, so they must outlive
/// the model.
typedef struct vision_tensors {
  /// A row for each of a token's numbers; in a row each colour's pixels of a patch, line by line.
  transformer_linear patches;
  /// The first token, of which the image's vector is made.
  const float *first;
  const float *positions;
  /// The norm in front of all layers; its weight is NULL if there is none.
  transformer_linear norm;
  /// The first layer's norm; each layer has the next one's, and the last the one behind all.
  transformer_linear first_norm;
  const transformer_layer *layers;
  /// A row for each output; NULL if there are none.
  const float *projection;
  /// What each level of each colour means to the model: `VISION_LEVELS` times `VISION_COLOURS`, colour by colour.
  const float *levels;
} vision_tensors;

/// An image model that is ready, the same for all threads.
typedef struct vision vision;

/// As `transformer_make`; besides, NULL is returned if patches and positions do not match.
vision *vision_make(const vision_shape *shape, const vision_tensors *tensors, const char *kernels,
                    transformer_team *team);
void vision_free(vision *model);

/// Room for one thread, which `transformer_scratch_free` frees; NULL without memory for it.
transformer_scratch *vision_scratch_make(const vision *model);

/// Computes vectors of unit length.
///
/// `rasters` are those of all images, one behind the other: line by line from the top, red, green and blue of each
/// pixel. `vectors` has room for `count` times the outputs, or the width if there are none.
void vision_run(const vision *model, transformer_scratch *scratch, const uint8_t *rasters, size_t count,
                float *vectors);
