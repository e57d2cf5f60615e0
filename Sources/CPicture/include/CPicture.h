// Pictures of others' making, decoded into small rasters: what is read is bounded by what the header says before anything
// is allocated, and a picture is never in memory as a whole unless its format needs that, which has a bound of its own.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bytes of the words that say why a picture is not decoded, with the zero behind them.
enum { PICTURE_WHY_SIZE = 256 };

// Why a picture is not decoded.
struct picture_why {
  char words[PICTURE_WHY_SIZE];
  // Whether there was no memory, so that the picture itself may be good.
  bool is_memory;
};

// What a picture may have at most.
struct picture_limits {
  // Pixels of a side, so that a row has a bound.
  uint32_t side_max;
  uint64_t pixels_max;
  // Bytes of what some formats keep of the whole picture while they decode.
  uint64_t memory_max;
};

// Where the decoded picture goes: `width` by `height` pixels, row by row, red, green and blue, a byte each.
struct picture_raster {
  uint32_t width;
  uint32_t height;
  uint8_t *pixels;
};

// Bytes of a picture; the caller keeps them until the call is over.
struct picture_bytes {
  const uint8_t *start;
  size_t size;
};

// Each decodes a picture of its format, averages it over the raster's pixels whatever its proportions are, transparent
// parts on white, and tells whether it did; if not, `why` says why, and what is in the raster is undefined.
bool picture_decode_png(
  struct picture_bytes bytes, struct picture_limits limits, struct picture_raster raster, struct picture_why *why);
bool picture_decode_jpeg(
  struct picture_bytes bytes, struct picture_limits limits, struct picture_raster raster, struct picture_why *why);
// Only one that is coded with loss and has no transparency: the tables of all others have no bound that is worth one.
bool picture_decode_webp(
  struct picture_bytes bytes, struct picture_limits limits, struct picture_raster raster, struct picture_why *why);
