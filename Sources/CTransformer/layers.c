#include <math.h>
#include <string.h>

#include "encoder.h"

/// Puts rows as they are into panels; `columns` is a multiple of the panel.
static void pack_rows(float *panels, size_t panel, const float *rows, size_t stride, size_t columns, size_t depth) {
  for (size_t column = 0; column < columns; column += panel)
    for (size_t k = 0; k < depth; k++)
      memcpy(panels + column * depth + k * panel, rows + k * stride + column, panel * sizeof *rows);
}

/// A group of texts on its way through the layers.
typedef struct group {
  const encoder *encoder;
  const transformer_scratch *scratch;
  size_t count, tokens;
} group;

/// Has the tokens of one text look at each other with one head: a part of the step that `what`, a group, is at.
static void attend(void *what, size_t part, size_t member) {
  const group *group = what;
  const encoder *encoder = group->encoder;
  const kernels *kernels = encoder->kernels;
  const transformer_scratch *scratch = group->scratch;
  const attention_room *room = member == 0 ? &scratch->attention : &encoder->helper_rooms[member - 1];
  size_t width = encoder->shape.width, head = width / encoder->shape.heads, stride = 3 * width;
  size_t text = part / encoder->shape.heads, first = part % encoder->shape.heads * head;
  size_t place = scratch->places[text], length = scratch->places[text + 1] - place;
  size_t columns = up_to(length, kernels->panel);
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
  activate *activation;
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
  for (size_t index = 0; step->activation && index < rows; index++)
    step->activation(c + index * step->columns, columns);
}

void encoder_multiply(const encoder *encoder, const float *a, const product *by, float *c, size_t rows, size_t columns,
                      size_t depth, activate *activation) {
  const kernels *kernels = encoder->kernels;
  // A few parts for each thread of even a single pass, since one may be held up by others.
  size_t threads = team_threads(encoder->team), wanted = threads > 1 ? 4 * threads : 1;
  size_t columns_each = up_to((columns + wanted - 1) / wanted, kernels->panel);
  multiplication step = {kernels, a,     by,           c,         rows,
                         columns, depth, columns_each, up_to(columns, columns_each) / columns_each, activation};
  size_t passes = up_to(rows, kernels->pass) / kernels->pass;
  team_do(encoder->team, passes * step.parts_across, multiply_part, &step);
}

/// Tokens that are normalised in one part: some microseconds.
#define NORM_TOKENS 16

typedef struct normalisation {
  const group *group;
  /// NULL if nothing is added.
  const float *added;
  const transformer_linear *norm;
} normalisation;

static void normalise_part(void *what, size_t part, size_t member) {
  (void)member;
  const normalisation *step = what;
  const encoder *encoder = step->group->encoder;
  const transformer_scratch *scratch = step->group->scratch;
  size_t token = part * NORM_TOKENS, left = step->group->tokens - token, width = encoder->shape.width;
  size_t first = token * width;
  encoder->kernels->normalise(scratch->tokens + first, step->added ? step->added + first : NULL,
                              scratch->normed + first, left < NORM_TOKENS ? left : NORM_TOKENS, width,
                              step->norm->weight, step->norm->bias, encoder->shape.epsilon);
}

static void normalise(const group *group, const float *added, const transformer_linear *norm) {
  normalisation step = {group, added, norm};
  team_do(group->encoder->team, up_to(group->tokens, NORM_TOKENS) / NORM_TOKENS, normalise_part, &step);
}

void encoder_run(const encoder *encoder, const transformer_scratch *scratch, size_t count) {
  size_t tokens = scratch->places[count], width = encoder->shape.width, inner = encoder->shape.inner;
  group group = {encoder, scratch, count, tokens};
  if (encoder->has_norms_before) normalise(&group, NULL, &encoder->first_norm);
  for (uint32_t index = 0; index < encoder->shape.layers; index++) {
    const layer *layer = &encoder->layers[index];
    encoder_multiply(encoder, scratch->normed, &layer->attention, scratch->heads, tokens, 3 * width, width, NULL);
    team_do(encoder->team, count * encoder->shape.heads, attend, &group);
    encoder_multiply(encoder, scratch->context, &layer->output, scratch->added, tokens, width, width, NULL);
    normalise(&group, scratch->added, &layer->attention_norm);
    encoder_multiply(encoder, scratch->normed, &layer->up, scratch->inner, tokens, inner, width, encoder->activation);
    encoder_multiply(encoder, scratch->inner, &layer->down, scratch->added, tokens, width, inner, NULL);
    normalise(&group, scratch->added, &layer->output_norm);
  }
}
