// Pictures for tests, encoded by the libraries whose other half is what is tested.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bytes that somebody frees; `start` is null if they could not be made.
struct encoded {
  uint8_t *start;
  size_t size;
};

// Rows of `channels` bytes a pixel: 1 for grey, 3 for colours, 4 for colours and alpha.
struct encoded encode_png(const uint8_t *pixels, uint32_t width, uint32_t height, int channels, bool is_interlaced);
// Rows of red, green and blue, or of four inks.
struct encoded encode_jpeg(
  const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int quality, bool is_progressive,
  bool is_arithmetic);
// Rows of red, green, blue and alpha.
struct encoded encode_webp(const uint8_t *pixels, uint32_t width, uint32_t height, int quality, bool is_lossless);
