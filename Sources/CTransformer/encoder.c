#include "encoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

float *make_room(size_t count) { return aligned_alloc(LINE, up_to(count * sizeof(float), LINE)); }

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

bool make_product(product *to, const kernels *kernels, const transformer_linear *const *steps, size_t count,
                  size_t outputs, size_t depth) {
  to->panels = make_room(count * outputs * depth);
  to->bias = make_room(count * outputs);
  if (!to->panels || !to->bias) return false;
  memset(to->bias, 0, count * outputs * sizeof(float));
  for (size_t index = 0; index < count; index++) {
    pack_outputs(to->panels, kernels->panel, index * outputs, steps[index]->weight, depth, outputs, depth);
    if (steps[index]->bias) memcpy(to->bias + index * outputs, steps[index]->bias, outputs * sizeof(float));
  }
  return true;
}

void free_product(product *used) {
  free(used->panels);
  free(used->bias);
}

static bool pack_layer(layer *to, const kernels *kernels, const transformer_shape *shape,
                       const transformer_layer *from) {
  size_t width = shape->width, inner = shape->inner;
  const transformer_linear *attention[] = {&from->query, &from->key, &from->value};
  to->attention_norm = from->attention_norm;
  to->output_norm = from->output_norm;
  return make_product(&to->attention, kernels, attention, 3, width, width) &&
         make_product(&to->output, kernels, (const transformer_linear *[]){&from->output}, 1, width, width) &&
         make_product(&to->up, kernels, (const transformer_linear *[]){&from->up}, 1, inner, width) &&
         make_product(&to->down, kernels, (const transformer_linear *[]){&from->down}, 1, width, inner);
}

static bool fits(const transformer_shape *shape) {
  return shape->heads > 0 && shape->layers > 0 && shape->width % shape->heads == 0 &&
         shape->width / shape->heads % TRANSFORMER_GRAIN == 0 && shape->inner % TRANSFORMER_GRAIN == 0 &&
         shape->inner > 0 && shape->width > 0 && shape->positions > 0 && shape->positions <= TRANSFORMER_POSITIONS_MAX;
}

static bool make_attention_room(attention_room *to, const transformer_shape *shape) {
  size_t head = shape->width / shape->heads, longest = up_to(shape->positions, TRANSFORMER_GRAIN);
  to->keys = make_room(longest * head);
  to->values = make_room(longest * head);
  to->scores = make_room(longest * longest);
  return to->keys && to->values && to->scores;
}

static void free_attention_room(attention_room *used) {
  free(used->keys);
  free(used->values);
  free(used->scores);
}

bool encoder_make(encoder *to, const transformer_shape *shape, const transformer_linear *first_norm,
                  const transformer_layer *layers, const char *name, transformer_team *team) {
  to->kernels = choose(name);
  if (!to->kernels || !fits(shape)) return false;
  to->shape = *shape;
  to->activation = shape->activation == TRANSFORMER_GELU ? to->kernels->gelu : to->kernels->quick_gelu;
  to->has_norms_before = first_norm != NULL;
  if (first_norm) to->first_norm = *first_norm;
  to->team = team;
  to->group_tokens = shape->positions < GROUP_TOKENS ? GROUP_TOKENS : shape->positions;
  to->layers = calloc(shape->layers, sizeof *to->layers);
  size_t helpers = team_threads(team) - 1;
  to->helper_rooms = calloc(helpers + 1, sizeof *to->helper_rooms);
  bool is_whole = to->layers != NULL && to->helper_rooms != NULL;
  for (size_t index = 0; is_whole && index < helpers; index++)
    is_whole = make_attention_room(&to->helper_rooms[index], shape);
  for (uint32_t index = 0; is_whole && index < shape->layers; index++)
    is_whole = pack_layer(&to->layers[index], to->kernels, shape, &layers[index]);
  return is_whole;
}

void encoder_free(encoder *used) {
  for (uint32_t index = 0; used->layers && index < used->shape.layers; index++) {
    layer *layer = &used->layers[index];
    product *products[] = {&layer->attention, &layer->output, &layer->up, &layer->down};
    for (size_t each = 0; each < sizeof products / sizeof *products; each++) free_product(products[each]);
  }
  for (size_t index = 0; used->helper_rooms && index + 1 < team_threads(used->team); index++)
    free_attention_room(&used->helper_rooms[index]);
  free(used->helper_rooms);
  free(used->layers);
}

transformer_scratch *encoder_scratch_make(const encoder *encoder, size_t inner) {
  transformer_scratch *scratch = calloc(1, sizeof *scratch);
  if (!scratch) return NULL;
  size_t width = encoder->shape.width, tokens = encoder->group_tokens;
  scratch->tokens = make_room(tokens * width);
  scratch->normed = encoder->has_norms_before ? make_room(tokens * width) : scratch->tokens;
  scratch->added = make_room(tokens * width);
  scratch->heads = make_room(tokens * 3 * width);
  scratch->context = make_room(tokens * width);
  scratch->inner = make_room(tokens * (inner < encoder->shape.inner ? encoder->shape.inner : inner));
  scratch->places = calloc(tokens + 1, sizeof *scratch->places);
  bool has_attention = make_attention_room(&scratch->attention, &encoder->shape);
  if (scratch->tokens && scratch->normed && scratch->added && scratch->heads && scratch->context && scratch->inner &&
      scratch->places && has_attention)
    return scratch;
  transformer_scratch_free(scratch);
  return NULL;
}

void transformer_scratch_free(transformer_scratch *scratch) {
  if (!scratch) return;
  if (scratch->normed != scratch->tokens) free(scratch->normed);
  float *rooms[] = {scratch->tokens, scratch->added, scratch->heads, scratch->context, scratch->inner};
  for (size_t index = 0; index < sizeof rooms / sizeof *rooms; index++) free(rooms[index]);
  free(scratch->places);
  free_attention_room(&scratch->attention);
  free(scratch);
}

void to_unit(float *vector, size_t width) {
  double squares = 0;
  for (size_t index = 0; index < width; index++) squares += (double)vector[index] * vector[index];
  double factor = squares > 0 ? 1 / sqrt(squares) : 0;
  for (size_t index = 0; index < width; index++) vector[index] = (float)(vector[index] * factor);
}
