#include "vision.h"

#include <stdlib.h>
#include <string.h>

#include "encoder.h"

struct vision {
  encoder encoder;
  vision_shape shape;
  transformer_linear norm;
  product patches, projection;
  /// What is added to each token of an image: its position, and the first token itself or the patches' bias.
  float *places;
  float levels[VISION_COLOURS][VISION_LEVELS];
};

/// Patches along an image's side.
static size_t grid(const vision_shape *shape) { return shape->side / shape->patch; }

/// Numbers of a patch.
static size_t depth(const vision_shape *shape) { return (size_t)VISION_COLOURS * shape->patch * shape->patch; }

static bool make_places(vision *model, const vision_tensors *tensors) {
  size_t width = model->shape.layers.width, count = model->shape.layers.positions;
  model->places = make_room(count * width);
  if (!model->places) return false;
  for (size_t place = 0; place < count; place++) {
    const float *own = place == 0 ? tensors->first : tensors->patches.bias;
    for (size_t index = 0; index < width; index++)
      model->places[place * width + index] = tensors->positions[place * width + index] + (own ? own[index] : 0);
  }
  return true;
}

static bool make_products(vision *model, const vision_tensors *tensors) {
  const transformer_shape *layers = &model->shape.layers;
  const kernels *kernels = model->encoder.kernels;
  // The patches' bias is in the places, since the first token has none.
  const transformer_linear patches = {.weight = tensors->patches.weight}, projection = {.weight = tensors->projection};
  return make_product(&model->patches, kernels, (const transformer_linear *[]){&patches}, 1, layers->width,
                      depth(&model->shape)) &&
         (model->shape.outputs == 0 || make_product(&model->projection, kernels,
                                                    (const transformer_linear *[]){&projection}, 1,
                                                    model->shape.outputs, layers->width));
}

static bool fits(const vision_shape *shape) {
  return shape->patch > 0 && shape->patch <= shape->side && shape->outputs % TRANSFORMER_GRAIN == 0 &&
         grid(shape) * grid(shape) + 1 == shape->layers.positions;
}

vision *vision_make(const vision_shape *shape, const vision_tensors *tensors, const char *kernels,
                    transformer_team *team) {
  if (!fits(shape)) return NULL;
  vision *model = calloc(1, sizeof *model);
  if (!model) return NULL;
  model->shape = *shape;
  model->norm = tensors->norm;
  memcpy(model->levels, tensors->levels, sizeof model->levels);
  if (encoder_make(&model->encoder, &shape->layers, &tensors->first_norm, tensors->layers, kernels, team) &&
      make_places(model, tensors) && make_products(model, tensors))
    return model;
  vision_free(model);
  return NULL;
}

void vision_free(vision *model) {
  if (!model) return;
  encoder_free(&model->encoder);
  free_product(&model->patches);
  free_product(&model->projection);
  free(model->places);
  free(model);
}

transformer_scratch *vision_scratch_make(const vision *model) {
  return encoder_scratch_make(&model->encoder, depth(&model->shape));
}

/// Writes the numbers of an image's patches, one behind the other, behind a row of zeros for the first token.
static void cut(const vision *model, const uint8_t *raster, float *to) {
  size_t side = model->shape.side, patch = model->shape.patch;
  memset(to, 0, depth(&model->shape) * sizeof *to);
  to += depth(&model->shape);
  for (size_t part = 0; part < grid(&model->shape) * grid(&model->shape); part++) {
    size_t top = part / grid(&model->shape) * patch, left = part % grid(&model->shape) * patch;
    for (size_t colour = 0; colour < VISION_COLOURS; colour++)
      for (size_t line = top; line < top + patch; line++)
        for (size_t column = left; column < left + patch; column++)
          *to++ = model->levels[colour][raster[(line * side + column) * VISION_COLOURS + colour]];
  }
}

/// Makes tokens of images: patches and places, added, and normalised if the model does that.
static void embed(const vision *model, const transformer_scratch *scratch, const uint8_t *rasters, size_t count) {
  const encoder *encoder = &model->encoder;
  size_t width = encoder->shape.width, positions = encoder->shape.positions, side = model->shape.side;
  for (size_t image = 0; image < count; image++)
    cut(model, rasters + image * side * side * VISION_COLOURS, scratch->inner + image * positions * depth(&model->shape));
  encoder_multiply(encoder, scratch->inner, &model->patches, scratch->tokens, count * positions, width,
                   depth(&model->shape), NULL);
  for (size_t image = 0; image < count; image++) {
    float *tokens = scratch->tokens + image * positions * width;
    if (model->norm.weight)
      encoder->kernels->normalise(tokens, model->places, tokens, positions, width, model->norm.weight,
                                  model->norm.bias, encoder->shape.epsilon);
    else
      for (size_t index = 0; index < positions * width; index++) tokens[index] += model->places[index];
  }
}

/// Makes a vector of each image's first token, of unit length.
static void project(const vision *model, const transformer_scratch *scratch, size_t count, float *vectors) {
  const encoder *encoder = &model->encoder;
  size_t width = encoder->shape.width, stride = encoder->shape.positions * width;
  size_t outputs = model->shape.outputs > 0 ? model->shape.outputs : width;
  if (model->shape.outputs > 0)
    encoder->kernels->multiply(scratch->normed, stride, model->projection.panels, NULL, vectors, outputs, count,
                               outputs, width);
  else
    for (size_t image = 0; image < count; image++)
      memcpy(vectors + image * width, scratch->normed + image * stride, width * sizeof *vectors);
  for (size_t image = 0; image < count; image++) to_unit(vectors + image * outputs, outputs);
}

void vision_run(const vision *model, transformer_scratch *scratch, const uint8_t *rasters, size_t count,
                float *vectors) {
  const encoder *encoder = &model->encoder;
  size_t raster = (size_t)model->shape.side * model->shape.side * VISION_COLOURS;
  size_t outputs = model->shape.outputs > 0 ? model->shape.outputs : encoder->shape.width;
  size_t together = encoder->group_tokens / encoder->shape.positions;
  team_enter(encoder->team);
  for (size_t first = 0; first < count; first += together) {
    size_t some = count - first < together ? count - first : together;
    for (size_t image = 0; image <= some; image++)
      scratch->places[image] = (uint32_t)(image * encoder->shape.positions);
    embed(model, scratch, rasters + first * raster, some);
    encoder_run(encoder, scratch, some);
    project(model, scratch, some, vectors + first * outputs);
  }
  team_leave(encoder->team);
}
