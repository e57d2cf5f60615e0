#include "average.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLOURS = 3 };

bool average_begin(struct average *average, uint32_t width, uint32_t height, struct picture_raster raster) {
  size_t pixels = (size_t)raster.width * raster.height;
  average->width = width;
  average->height = height;
  average->raster = raster;
  average->sums = calloc(pixels * COLOURS, sizeof *average->sums);
  average->line = calloc((size_t)raster.width * COLOURS, sizeof *average->line);
  return average->sums && average->line;
}

// Across, a pixel of the picture is `raster.width` wide and one of the raster `width`; down likewise. So all parts are
// whole numbers, and the sums the same on every machine.
void average_add(struct average *average, const uint8_t *rgb, uint32_t y, uint32_t first, uint32_t step, uint32_t count) {
  uint32_t columns = average->raster.width, rows = average->raster.height;
  memset(average->line, 0, (size_t)columns * COLOURS * sizeof *average->line);
  uint64_t column = 0;
  for (uint32_t index = 0; index < count; index += 1, rgb += COLOURS) {
    uint64_t begin = ((uint64_t)first + (uint64_t)index * step) * columns, end = begin + columns;
    while ((column + 1) * average->width <= begin) column += 1;
    for (uint64_t place = column; begin < end; place += 1) {
      uint64_t edge = (place + 1) * average->width;
      uint32_t part = (uint32_t)((edge < end ? edge : end) - begin);
      uint32_t *sum = average->line + place * COLOURS;
      sum[0] += rgb[0] * part;
      sum[1] += rgb[1] * part;
      sum[2] += rgb[2] * part;
      begin += part;
    }
  }
  uint64_t begin = (uint64_t)y * rows, end = begin + rows;
  for (uint64_t row = begin / average->height; begin < end; row += 1) {
    uint64_t edge = (row + 1) * average->height;
    uint64_t part = (edge < end ? edge : end) - begin;
    uint64_t *sum = average->sums + row * columns * COLOURS;
    for (size_t place = 0; place < (size_t)columns * COLOURS; place += 1) sum[place] += average->line[place] * part;
    begin += part;
  }
}

void average_end(const struct average *average) {
  uint64_t area = (uint64_t)average->width * average->height;
  size_t count = (size_t)average->raster.width * average->raster.height * COLOURS;
  for (size_t place = 0; place < count; place += 1)
    average->raster.pixels[place] = (uint8_t)((average->sums[place] + area / 2) / area);
}

void average_free(struct average *average) {
  free(average->sums);
  free(average->line);
}

void put_on_white(uint8_t *rgb, const uint8_t *rgba, uint32_t count) {
  for (uint32_t index = 0; index < count; index += 1, rgb += COLOURS, rgba += 4) {
    uint32_t alpha = rgba[3], white = 255 * (255 - alpha) + 127;
    rgb[0] = (uint8_t)((rgba[0] * alpha + white) / 255);
    rgb[1] = (uint8_t)((rgba[1] * alpha + white) / 255);
    rgb[2] = (uint8_t)((rgba[2] * alpha + white) / 255);
  }
}

bool fail(struct picture_why *why, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(why->words, sizeof why->words, format, arguments);
  va_end(arguments);
  return false;
}

bool fail_for_memory(struct picture_why *why, const char *what) {
  why->is_memory = true;
  return fail(why, "no memory for %s", what);
}

bool is_allowed(uint32_t width, uint32_t height, struct picture_limits limits, struct picture_why *why) {
  if (!width || !height || width > limits.side_max || height > limits.side_max)
    return fail(why, "expected sides of 1 to %" PRIu32 " pixels, found %" PRIu32 " x %" PRIu32, limits.side_max, width, height);
  if ((uint64_t)width * height > limits.pixels_max)
    return fail(why, "expected at most %" PRIu64 " pixels, found %" PRIu32 " x %" PRIu32, limits.pixels_max, width, height);
  return true;
}

bool is_affordable(uint64_t bytes, struct picture_limits limits, struct picture_why *why) {
  if (bytes <= limits.memory_max) return true;
  return fail(
    why, "expected a picture that takes at most %" PRIu64 " bytes while it is decoded, found %" PRIu64, limits.memory_max, bytes);
}
