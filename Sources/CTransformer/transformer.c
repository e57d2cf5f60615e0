#include "transformer.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

/// How many tokens go through a layer together, of whole texts: enough for the products to be as fast as they get.
#define GROUP_TOKENS 512
/// Bytes that a cache line has, and the widest vector.
#define LINE 64

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

struct transformer {
  transformer_shape shape;
  transformer_tensors tensors;
  const kernels *kernels;
  layer *layers;
};

struct transformer_scratch {
  /// Tokens' vectors between the layers, and what is added to them.
  float *tokens, *added;
  /// Query, key and value of each token; what attention makes of them; what stands between the second half's products.
  float *heads, *context, *inner;
  /// Of one head of one text: keys and values in panels, and scores.
  float *keys, *values, *scores;
};

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

static size_t up_to(size_t value, size_t grain) { return (value + grain - 1) / grain * grain; }

static float *room(size_t count) { return aligned_alloc(LINE, up_to(count * sizeof(float), LINE)); }

/// Puts the outputs of a linear step, its rows, into the panels' columns from `first` on; those behind `outputs` up to
/// a whole panel become zero.
static void pack_outputs(float *panels, size_t panel, size_t first, const float *weight, size_t stride, size_t outputs,
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

/// Puts rows as they are into panels; `columns` is a multiple of the panel.
static void pack_rows(float *panels, size_t panel, const float *rows, size_t stride, size_t columns, size_t depth) {
  for (size_t column = 0; column < columns; column += panel)
    for (size_t k = 0; k < depth; k++)
      memcpy(panels + column * depth + k * panel, rows + k * stride + column, panel * sizeof *rows);
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

transformer *transformer_make(const transformer_shape *shape, const transformer_tensors *tensors, const char *name) {
  const kernels *chosen = choose(name);
  if (!chosen || !fits(shape)) return NULL;
  transformer *model = calloc(1, sizeof *model);
  if (!model) return NULL;
  model->shape = *shape;
  model->tensors = *tensors;
  model->kernels = chosen;
  model->layers = calloc(shape->layers, sizeof *model->layers);
  bool is_whole = model->layers != NULL;
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
  free(model->layers);
  free(model);
}

transformer_scratch *transformer_scratch_make(const transformer *model) {
  transformer_scratch *scratch = calloc(1, sizeof *scratch);
  if (!scratch) return NULL;
  size_t width = model->shape.width, head = width / model->shape.heads;
  size_t longest = up_to(model->shape.positions, TRANSFORMER_GRAIN);
  scratch->tokens = room(GROUP_TOKENS * width);
  scratch->added = room(GROUP_TOKENS * width);
  scratch->heads = room(GROUP_TOKENS * 3 * width);
  scratch->context = room(GROUP_TOKENS * width);
  scratch->inner = room((size_t)GROUP_TOKENS * model->shape.inner);
  scratch->keys = room(longest * head);
  scratch->values = room(longest * head);
  scratch->scores = room(longest * longest);
  if (scratch->tokens && scratch->added && scratch->heads && scratch->context && scratch->inner && scratch->keys &&
      scratch->values && scratch->scores)
    return scratch;
  transformer_scratch_free(scratch);
  return NULL;
}

void transformer_scratch_free(transformer_scratch *scratch) {
  if (!scratch) return;
  float *rooms[] = {scratch->tokens, scratch->added, scratch->heads,  scratch->context,
                    scratch->inner,  scratch->keys,  scratch->values, scratch->scores};
  for (size_t index = 0; index < sizeof rooms / sizeof *rooms; index++) free(rooms[index]);
  free(scratch);
}

/// Looks tokens up: word, place and type, added and normalised.
static void embed(const transformer *model, float *to, const uint32_t *tokens, const uint32_t *lengths, size_t count) {
  size_t width = model->shape.width;
  float *line = to;
  for (size_t text = 0; text < count; text++) {
    for (uint32_t place = 0; place < lengths[text]; place++, line += width) {
      const float *word = model->tensors.words + (size_t)*tokens++ * width;
      const float *position = model->tensors.positions + (size_t)place * width;
      for (size_t index = 0; index < width; index++)
        line[index] = word[index] + model->tensors.type[index] + position[index];
    }
  }
  model->kernels->normalise(to, NULL, (size_t)(line - to) / width, width, model->tensors.norm.weight,
                            model->tensors.norm.bias, model->shape.epsilon);
}

/// Has the tokens of one text look at each other, head by head.
static void attend(const transformer *model, const transformer_scratch *scratch, const float *heads, float *context,
                   size_t length) {
  const kernels *kernels = model->kernels;
  size_t width = model->shape.width, head = width / model->shape.heads, stride = 3 * width;
  size_t columns = up_to(length, kernels->panel);
  float scale = 1.0f / sqrtf((float)head);
  for (size_t first = 0; first < width; first += head) {
    const float *query = heads + first, *key = query + width, *value = key + width;
    pack_outputs(scratch->keys, kernels->panel, 0, key, stride, length, head);
    pack_rows(scratch->values, kernels->panel, value, stride, head, length);
    kernels->multiply(query, stride, scratch->keys, NULL, scratch->scores, columns, length, columns, head);
    kernels->softmax(scratch->scores, columns, length, length, scale);
    kernels->multiply(scratch->scores, columns, scratch->values, NULL, context + first, width, length, head, length);
  }
}

/// Takes texts of at most `GROUP_TOKENS` tokens through all layers.
static void run_group(const transformer *model, const transformer_scratch *scratch, const uint32_t *lengths,
                      size_t count, size_t tokens) {
  const kernels *kernels = model->kernels;
  size_t width = model->shape.width, inner = model->shape.inner;
  for (uint32_t index = 0; index < model->shape.layers; index++) {
    const layer *layer = &model->layers[index];
    kernels->multiply(scratch->tokens, width, layer->attention.panels, layer->attention.bias, scratch->heads, 3 * width,
                      tokens, 3 * width, width);
    size_t place = 0;
    for (size_t text = 0; text < count; place += lengths[text++])
      attend(model, scratch, scratch->heads + place * 3 * width, scratch->context + place * width, lengths[text]);
    kernels->multiply(scratch->context, width, layer->output.panels, layer->output.bias, scratch->added, width, tokens,
                      width, width);
    kernels->normalise(scratch->tokens, scratch->added, tokens, width, layer->attention_norm.weight,
                       layer->attention_norm.bias, model->shape.epsilon);
    kernels->multiply(scratch->tokens, width, layer->up.panels, layer->up.bias, scratch->inner, inner, tokens, inner,
                      width);
    kernels->gelu(scratch->inner, tokens * inner);
    kernels->multiply(scratch->inner, inner, layer->down.panels, layer->down.bias, scratch->added, width, tokens, width,
                      inner);
    kernels->normalise(scratch->tokens, scratch->added, tokens, width, layer->output_norm.weight,
                       layer->output_norm.bias, model->shape.epsilon);
  }
}

/// Makes one vector of a text's tokens, of unit length.
static void pool(const float *tokens, size_t length, size_t width, transformer_pooling pooling, float *vector) {
  memcpy(vector, tokens, width * sizeof *vector);
  // The mean has the direction of the sum.
  if (pooling == TRANSFORMER_MEAN)
    for (size_t token = 1; token < length; token++)
      for (size_t index = 0; index < width; index++) vector[index] += tokens[token * width + index];
  double squares = 0;
  for (size_t index = 0; index < width; index++) squares += (double)vector[index] * vector[index];
  double factor = squares > 0 ? 1 / sqrt(squares) : 0;
  for (size_t index = 0; index < width; index++) vector[index] = (float)(vector[index] * factor);
}

void transformer_run(const transformer *model, transformer_scratch *scratch, const uint32_t *tokens,
                     const uint32_t *lengths, size_t count, transformer_pooling pooling, float *vectors) {
  size_t width = model->shape.width;
  for (size_t first = 0, next = 0; first < count; first = next) {
    size_t total = 0;
    while (next < count && total + lengths[next] <= GROUP_TOKENS) total += lengths[next++];
    // A text longer than the shape's positions is none that a caller may give.
    if (next == first) return;
    embed(model, scratch->tokens, tokens, lengths + first, next - first);
    run_group(model, scratch, lengths + first, next - first, total);
    size_t place = 0;
    for (size_t text = first; text < next; place += lengths[text++])
      pool(scratch->tokens + place * width, lengths[text], width, pooling, vectors + text * width);
    tokens += total;
  }
}
