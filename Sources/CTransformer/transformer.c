#include "transformer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"
#include "model.h"

/// Bytes that a cache line has, and the widest vector.
#define LINE 64

/// The best kernels that the processor has, or those of a name.
static const kernels *choose(const char *name) {
  __builtin_cpu_init();
  bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  if (has_avx512 && (!name || strcmp(name, kernels_avx512.name) == 0)) return &kernels_avx512;
  if (has_avx2 && (!name || strcmp(name, kernels_avx2.name) == 0)) return &kernels_avx2;
  return !name || strcmp(name, kernels_sse2.name) == 0 ? &kernels_sse2 : NULL;
}

const char *transformer_kernels(void) { return choose(NULL)->name; }

static float *room(size_t count) { return aligned_alloc(LINE, up_to(count * sizeof(float), LINE)); }

void pack_outputs(float *panels, size_t panel, size_t first, const float *weight, size_t stride, size_t outputs,
                  size_t depth) {
  for (size_t output = 0; output < up_to(outputs, panel); output++) {
    size_t column = first + output;
    float *to = panels + column / panel * panel * depth + column % panel;
    if (output < outputs)
      for (size_t k = 0; k < depth; k++) to[k * panel] = weight[output * stride + k];
    else
      for (size_t k = 0; k < depth; k++) to[k * panel] = 0;
  }
}

/// Makes one product of `count` linear steps with the same input, whose outputs lie behind each other.
static bool pack(product *to, const kernels *kernels, const transformer_linear *const *steps, size_t count,
                 size_t outputs, size_t depth) {
  to->panels = room(count * outputs * depth);
  to->bias = room(count * outputs);
  if (!to->panels || !to->bias) return false;
  for (size_t index = 0; index < count; index++) {
    pack_outputs(to->panels, kernels->panel, index * outputs, steps[index]->weight, depth, outputs, depth);
    memcpy(to->bias + index * outputs, steps[index]->bias, outputs * sizeof(float));
  }
  return true;
}

static bool pack_layer(layer *to, const kernels *kernels, const transformer_shape *shape,
                       const transformer_layer *from) {
  size_t width = shape->width, inner = shape->inner;
  const transformer_linear *attention[] = {&from->query, &from->key, &from->value};
  to->attention_norm = from->attention_norm;
  to->output_norm = from->output_norm;
  return pack(&to->attention, kernels, attention, 3, width, width) &&
         pack(&to->output, kernels, (const transformer_linear *[]){&from->output}, 1, width, width) &&
         pack(&to->up, kernels, (const transformer_linear *[]){&from->up}, 1, inner, width) &&
         pack(&to->down, kernels, (const transformer_linear *[]){&from->down}, 1, width, inner);
}

static bool fits(const transformer_shape *shape) {
  return shape->heads > 0 && shape->layers > 0 && shape->width % shape->heads == 0 &&
         shape->width / shape->heads % TRANSFORMER_GRAIN == 0 && shape->inner % TRANSFORMER_GRAIN == 0 &&
         shape->inner > 0 && shape->width > 0 && shape->positions > 0 && shape->positions <= GROUP_TOKENS;
}

static bool make_attention_room(attention_room *to, const transformer_shape *shape) {
  size_t head = shape->width / shape->heads, longest = up_to(shape->positions, TRANSFORMER_GRAIN);
  to->keys = room(longest * head);
  to->values = room(longest * head);
  to->scores = room(longest * longest);
  return to->keys && to->values && to->scores;
}

static void free_attention_room(attention_room *used) {
  free(used->keys);
  free(used->values);
  free(used->scores);
}

transformer *transformer_make(const transformer_shape *shape, const transformer_tensors *tensors, const char *name,
                              transformer_team *team) {
  const kernels *chosen = choose(name);
  if (!chosen || !fits(shape)) return NULL;
  transformer *model = calloc(1, sizeof *model);
  if (!model) return NULL;
  model->shape = *shape;
  model->tensors = *tensors;
  model->kernels = chosen;
  model->layers = calloc(shape->layers, sizeof *model->layers);
  model->team = team;
  size_t helpers = team_threads(team) - 1;
  model->helper_rooms = calloc(helpers + 1, sizeof *model->helper_rooms);
  bool is_whole = model->layers != NULL && model->helper_rooms != NULL;
  for (size_t index = 0; is_whole && index < helpers; index++)
    is_whole = make_attention_room(&model->helper_rooms[index], shape);
  for (uint32_t index = 0; is_whole && index < shape->layers; index++)
    is_whole = pack_layer(&model->layers[index], model->kernels, shape, &tensors->layers[index]);
  // The layers' tensors are the caller's for this call alone.
  model->tensors.layers = NULL;
  if (is_whole) return model;
  transformer_free(model);
  return NULL;
}

void transformer_free(transformer *model) {
  if (!model) return;
  for (uint32_t index = 0; model->layers && index < model->shape.layers; index++) {
    product *products[] = {&model->layers[index].attention, &model->layers[index].output, &model->layers[index].up,
                           &model->layers[index].down};
    for (size_t each = 0; each < sizeof products / sizeof *products; each++) {
      free(products[each]->panels);
      free(products[each]->bias);
    }
  }
  for (size_t index = 0; model->helper_rooms && index + 1 < team_threads(model->team); index++)
    free_attention_room(&model->helper_rooms[index]);
  free(model->helper_rooms);
  free(model->layers);
  free(model);
}

transformer_scratch *transformer_scratch_make(const transformer *model) {
  transformer_scratch *scratch = calloc(1, sizeof *scratch);
  if (!scratch) return NULL;
  size_t width = model->shape.width;
  scratch->tokens = room(GROUP_TOKENS * width);
  scratch->added = room(GROUP_TOKENS * width);
  scratch->heads = room(GROUP_TOKENS * 3 * width);
  scratch->context = room(GROUP_TOKENS * width);
  scratch->inner = room((size_t)GROUP_TOKENS * model->shape.inner);
  bool has_attention = make_attention_room(&scratch->attention, &model->shape);
  if (scratch->tokens && scratch->added && scratch->heads && scratch->context && scratch->inner && has_attention)
    return scratch;
  transformer_scratch_free(scratch);
  return NULL;
}

void transformer_scratch_free(transformer_scratch *scratch) {
  if (!scratch) return;
  float *rooms[] = {scratch->tokens, scratch->added, scratch->heads, scratch->context, scratch->inner};
  for (size_t index = 0; index < sizeof rooms / sizeof *rooms; index++) free(rooms[index]);
  free_attention_room(&scratch->attention);
  free(scratch);
}
