#include <math.h>
#include <string.h>

#include "model.h"

/// Puts rows as they are into panels; `columns` is a multiple of the panel.
static void pack_rows(float *panels, size_t panel, const float *rows, size_t stride, size_t columns, size_t depth) {
  for (size_t column = 0; column < columns; column += panel)
    for (size_t k = 0; k < depth; k++)
      memcpy(panels + column * depth + k * panel, rows + k * stride + column, panel * sizeof *rows);
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

/// A group of texts on its way through the layers.
typedef struct group {
  const transformer *model;
  transformer_scratch *scratch;
  const uint32_t *lengths;
  size_t count, tokens;
} group;

/// Has the tokens of one text look at each other with one head: a part of the step that `what`, a group, is at.
static void attend(void *what, size_t part, size_t member) {
  const group *group = what;
  const transformer *model = group->model;
  const kernels *kernels = model->kernels;
  const transformer_scratch *scratch = group->scratch;
  const attention_room *room = member == 0 ? &scratch->attention : &model->helper_rooms[member - 1];
  size_t width = model->shape.width, head = width / model->shape.heads, stride = 3 * width;
  size_t text = part / model->shape.heads, first = part % model->shape.heads * head;
  size_t place = scratch->places[text], length = group->lengths[text], columns = up_to(length, kernels->panel);
  const float *query = scratch->heads + place * stride + first, *key = query + width, *value = key + width;
  pack_outputs(room->keys, kernels->panel, 0, key, stride, length, head);
  pack_rows(room->values, kernels->panel, value, stride, head, length);
  kernels->multiply(query, stride, room->keys, NULL, room->scores, columns, length, columns, head);
  kernels->softmax(room->scores, columns, length, length, 1.0f / sqrtf((float)head));
  kernels->multiply(room->scores, columns, room->values, NULL, scratch->context + place * width + first, width, length,
                    head, length);
}

/// A product whose parts are some rows and some columns each.
typedef struct multiplication {
  const kernels *kernels;
  const float *a;
  const product *by;
  float *c;
  size_t rows, columns, depth, columns_each, parts_across;
  bool has_gelu;
} multiplication;

static void multiply_part(void *what, size_t part, size_t member) {
  (void)member;
  const multiplication *step = what;
  size_t row = part / step->parts_across * step->kernels->pass;
  size_t column = part % step->parts_across * step->columns_each;
  size_t rows = step->rows - row < step->kernels->pass ? step->rows - row : step->kernels->pass;
  size_t columns = step->columns - column < step->columns_each ? step->columns - column : step->columns_each;
  float *c = step->c + row * step->columns + column;
  step->kernels->multiply(step->a + row * step->depth, step->depth, step->by->panels + column * step->depth,
                          step->by->bias + column, c, step->columns, rows, columns, step->depth);
  // While it is still in the first caches.
  for (size_t index = 0; step->has_gelu && index < rows; index++)
    step->kernels->gelu(c + index * step->columns, columns);
}

/// c = a * by, of all tokens of a group.
static void multiply(const group *group, const float *a, const product *by, float *c, size_t columns, size_t depth,
                     bool has_gelu) {
  const kernels *kernels = group->model->kernels;
  // A few parts for each thread of even a single pass, since one may be held up by others.
  size_t threads = team_threads(group->model->team), wanted = threads > 1 ? 4 * threads : 1;
  size_t columns_each = up_to((columns + wanted - 1) / wanted, kernels->panel);
  multiplication step = {kernels, a,       by,    c,           group->tokens,
                         columns, depth,   columns_each, up_to(columns, columns_each) / columns_each, has_gelu};
  size_t passes = up_to(group->tokens, kernels->pass) / kernels->pass;
  team_do(group->model->team, passes * step.parts_across, multiply_part, &step);
}

/// Tokens that are normalised in one part: some microseconds.
#define NORM_TOKENS 16

typedef struct normalisation {
  const group *group;
  const transformer_linear *norm;
} normalisation;

static void normalise_part(void *what, size_t part, size_t member) {
  (void)member;
  const normalisation *step = what;
  const transformer *model = step->group->model;
  size_t first = part * NORM_TOKENS, left = step->group->tokens - first, width = model->shape.width;
  model->kernels->normalise(step->group->scratch->tokens + first * width, step->group->scratch->added + first * width,
                            left < NORM_TOKENS ? left : NORM_TOKENS, width, step->norm->weight, step->norm->bias,
                            model->shape.epsilon);
}

static void normalise(const group *group, const transformer_linear *norm) {
  normalisation step = {group, norm};
  team_do(group->model->team, up_to(group->tokens, NORM_TOKENS) / NORM_TOKENS, normalise_part, &step);
}

/// Takes texts of at most `GROUP_TOKENS` tokens through all layers.
static void run_group(group *group) {
  const transformer *model = group->model;
  const transformer_scratch *scratch = group->scratch;
  size_t width = model->shape.width, inner = model->shape.inner;
  for (uint32_t index = 0; index < model->shape.layers; index++) {
    const layer *layer = &model->layers[index];
    multiply(group, scratch->tokens, &layer->attention, scratch->heads, 3 * width, width, false);
    team_do(model->team, group->count * model->shape.heads, attend, group);
    multiply(group, scratch->context, &layer->output, scratch->added, width, width, false);
    normalise(group, &layer->attention_norm);
    multiply(group, scratch->tokens, &layer->up, scratch->inner, inner, width, true);
    multiply(group, scratch->inner, &layer->down, scratch->added, width, inner, false);
    normalise(group, &layer->output_norm);
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
  team_enter(model->team);
  for (size_t first = 0, next = 0; first < count; first = next) {
    size_t total = 0;
    for (; next < count && total + lengths[next] <= GROUP_TOKENS; next++) {
      scratch->places[next - first] = (uint32_t)total;
      total += lengths[next];
    }
    // A text longer than the shape's positions is none that a caller may give.
    if (next == first) break;
    embed(model, scratch->tokens, tokens, lengths + first, next - first);
    run_group(&(group){model, scratch, lengths + first, next - first, total});
    for (size_t text = first; text < next; text++)
      pool(scratch->tokens + scratch->places[text - first] * width, lengths[text], width, pooling,
           vectors + text * width);
    tokens += total;
  }
  team_leave(model->team);
}
