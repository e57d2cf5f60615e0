#include "transformer.h"

#include <stdlib.h>
#include <string.h>

#include "encoder.h"

struct transformer {
  encoder encoder;
  transformer_tensors tensors;
};

transformer *transformer_make(const transformer_shape *shape, const transformer_tensors *tensors, const char *kernels,
                              transformer_team *team) {
  transformer *model = calloc(1, sizeof *model);
  if (!model) return NULL;
  model->tensors = *tensors;
  // They are the caller's for this call alone.
  model->tensors.layers = NULL;
  if (encoder_make(&model->encoder, shape, NULL, tensors->layers, kernels, team)) return model;
  transformer_free(model);
  return NULL;
}

void transformer_free(transformer *model) {
  if (!model) return;
  encoder_free(&model->encoder);
  free(model);
}

transformer_scratch *transformer_scratch_make(const transformer *model) {
  return encoder_scratch_make(&model->encoder, 0);
}

/// Looks the tokens of texts up: word, place and type, added and normalised.
static void embed(const transformer *model, const transformer_scratch *scratch, const uint32_t *tokens, size_t count) {
  const encoder *encoder = &model->encoder;
  size_t width = encoder->shape.width;
  float *line = scratch->tokens;
  for (size_t text = 0; text < count; text++) {
    size_t length = scratch->places[text + 1] - scratch->places[text];
    for (size_t place = 0; place < length; place++, line += width) {
      const float *word = model->tensors.words + (size_t)*tokens++ * width;
      const float *position = model->tensors.positions + place * width;
      for (size_t index = 0; index < width; index++)
        line[index] = word[index] + model->tensors.type[index] + position[index];
    }
  }
  encoder->kernels->normalise(scratch->tokens, NULL, scratch->normed, scratch->places[count], width,
                              model->tensors.norm.weight, model->tensors.norm.bias, encoder->shape.epsilon);
}

/// Makes one vector of a text's tokens, of unit length.
static void pool(const float *tokens, size_t length, size_t width, transformer_pooling pooling, float *vector) {
  memcpy(vector, tokens, width * sizeof *vector);
  // The mean has the direction of the sum.
  if (pooling == TRANSFORMER_MEAN)
    for (size_t token = 1; token < length; token++)
      for (size_t index = 0; index < width; index++) vector[index] += tokens[token * width + index];
  to_unit(vector, width);
}

void transformer_run(const transformer *model, transformer_scratch *scratch, const uint32_t *tokens,
                     const uint32_t *lengths, size_t count, transformer_pooling pooling, float *vectors) {
  const encoder *encoder = &model->encoder;
  size_t width = encoder->shape.width;
  team_enter(encoder->team);
  for (size_t first = 0, next = 0; first < count; first = next) {
    size_t total = 0;
    for (; next < count && total + lengths[next] <= encoder->group_tokens; next++) {
      total += lengths[next];
      scratch->places[next + 1 - first] = (uint32_t)total;
    }
    // A text longer than the shape's positions is none that a caller may give.
    if (next == first) break;
    embed(model, scratch, tokens, next - first);
    encoder_run(encoder, scratch, next - first);
    for (size_t text = 0; text < next - first; text++) {
      size_t place = scratch->places[text], length = scratch->places[text + 1] - place;
      pool(scratch->normed + place * width, length, width, pooling, vectors + (first + text) * width);
    }
    tokens += total;
  }
  team_leave(encoder->team);
}
