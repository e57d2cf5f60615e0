// A picture reduced to a raster, or spread over it, by areas: each of the raster's pixels is the average of what it covers.
#pragma once

#include "CPicture.h"

struct average {
  uint32_t width;
  uint32_t height;
  struct picture_raster raster;
  // Of each pixel and colour of the raster the sum of what it covers, in parts of its area.
  uint64_t *sums;
  // Of one row of the picture the same, across.
  uint32_t *line;
};

// Begins with a picture of so many pixels; false: there is no memory. `average_free` frees it in any case.
bool average_begin(struct average *average, uint32_t width, uint32_t height, struct picture_raster raster);

// Adds `count` pixels of the row `y`: those in the columns `first`, `first + step` and so on. Rows come in any order, each
// of its pixels once.
void average_add(struct average *average, const uint8_t *rgb, uint32_t y, uint32_t first, uint32_t step, uint32_t count);

// Writes the raster; all pixels have been added.
void average_end(const struct average *average);

void average_free(struct average *average);

// Puts `count` pixels with an alpha on white; `rgb` and `rgba` may begin at the same place.
void put_on_white(uint8_t *rgb, const uint8_t *rgba, uint32_t count);

// Writes why a picture is not decoded, and returns false.
bool fail(struct picture_why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Writes that there is no memory for something, which says nothing of the picture, and returns false.
bool fail_for_memory(struct picture_why *why, const char *what);

// Whether a picture of so many pixels may be decoded; says why not.
bool is_allowed(uint32_t width, uint32_t height, struct picture_limits limits, struct picture_why *why);

// Whether so many bytes may be kept while it is; says why not.
bool is_affordable(uint64_t bytes, struct picture_limits limits, struct picture_why *why);
